"""offhook: a SIP desk phone in software that a URL can drive the way a finger would."""

__version__ = "0.1.0"
