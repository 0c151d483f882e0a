"""Already coded neighbours -> candidates, contexts and features, in kernels that serve encoder and decoder alike."""
