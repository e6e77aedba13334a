"""The weekly dashboard of a street office: records in, metrics and pages out."""

__version__ = "0.1.0"
