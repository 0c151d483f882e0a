"""nuScenes: the hidden lattice of the map frame and the pose law."""
