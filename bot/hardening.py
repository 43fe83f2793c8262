"""What a process that sees people's words, or a key, does against leaving them behind: no core dump, no debugger."""

import ctypes
import resource
import sys
from typing import Final

PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


def harden() -> None:
    """No core file; on Linux no other process of this user may attach, or read the memory. Lasts for the process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
