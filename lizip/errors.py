"""What can go wrong, as the user should hear it: one line with the cause and, where there is one, the remedy."""


class LizipError(Exception):
    """Base of every error that lizip raises on purpose."""


class FormatError(LizipError):
    """The input is not what it was said to be (a forced field count that does not fit, a .lizip given to compress)."""


class CorruptError(LizipError):
    """A .lizip file is damaged, truncated or hostile; nothing was returned from it."""


class UnsupportedVersionError(LizipError):
    """A .lizip file needs a newer lizip (format version or codec number unknown to this one)."""


class ModelMissingError(LizipError):
    """A .lizip file was written with a predictor that is not installed here; the message names it."""


class StorageError(LizipError):
    """Files stand in the way: a target that exists, the same file in and out, a source that changed meanwhile."""


class TargetExistsError(StorageError):
    """The target exists already, or came into being while it was being made; nothing of it was touched."""


class MissingPackageError(LizipError):
    """Something needs a package that is not installed; the message says how to install it."""


class DefectError(LizipError):
    """Something went wrong in lizip that should not; the file at hand is left as it is. Please report it."""


class TooLargeError(LizipError):
    """The original of a .lizip file has more bytes than the caller allows (`max_bytes`)."""


class LizipWarning(RuntimeWarning):
    """Something the user should know, though the work went on: one line, path first."""


class DefectWarning(LizipWarning):
    """Something failed inside lizip that should be reported; what was asked for was done another way, or refused."""
