"""Loaded by Python at its start when this folder is on PYTHONPATH: takes away what Windows does not have.

The standard library keeps what it needs itself; our code and every library we use do without. It also does as Windows
does with files: one that is open cannot be removed or renamed, a name that is taken is not renamed over, and a folder
cannot be opened.
"""

import asyncio
import builtins
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

MODULES = {
    "crypt", "curses", "fcntl", "grp", "nis", "ossaudiodev", "posix", "pty", "pwd", "readline", "resource", "spwd",
    "syslog", "termios", "tty", "uvloop",
}  # fmt: skip
SIGNALS = ("SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2",
           "alarm", "pthread_sigmask", "setitimer", "sigwait")  # fmt: skip
SYSTEM = (
    "chown", "fchmod", "fchown", "fdatasync", "fork", "forkpty", "getegid", "geteuid", "getgid", "getloadavg",
    "getpgid", "getuid", "killpg", "mkfifo", "nice", "posix_fadvise", "posix_fallocate", "pread", "preadv", "pwrite",
    "pwritev", "readv", "sched_getaffinity", "sched_setaffinity", "setsid", "setuid", "sync", "uname", "wait", "waitid",
    "writev", "O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_NOFOLLOW", "O_SYNC", "WNOHANG",
)  # fmt: skip
SOCKETS = ("SO_REUSEPORT",)


def _own(names):
    return names is not None and str(names.get("__name__", "")).partition(".")[0] in sys.stdlib_module_names


_import = builtins.__import__


def _guarded(name, names=None, locals=None, fromlist=(), level=0):
    if level == 0 and name.partition(".")[0] in MODULES and not _own(names):
        raise ModuleNotFoundError(f"No module named {name!r} (as on Windows)", name=name)
    return _import(name, names, locals, fromlist, level)


def _not_there(*_arguments, **_options):
    raise NotImplementedError("not on Windows")


def _is_open(path):
    try:
        wanted = os.path.realpath(path)
        return any(_target(number) == wanted for number in os.listdir("/proc/self/fd"))
    except (TypeError, FileNotFoundError):
        return False


def _target(number):
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return ""


def _refused(path):
    return PermissionError(errno.EACCES, "the file is being used by another process (as on Windows)", os.fspath(path))


def _closed_only(act):
    def checked(*paths, **options):
        for path in paths:
            if _is_open(path):
                raise _refused(path)
        return act(*paths, **options)

    return checked


def _rename(source, target, **options):
    if os.path.exists(target):
        raise FileExistsError(errno.EEXIST, "the name is taken (as on Windows)", os.fspath(target))
    return _renamed(source, target, **options)


def _open(path, flags, *more, **options):
    if not isinstance(path, int) and os.path.isdir(path) and not _own(sys._getframe(1).f_globals):
        raise _refused(path)
    return _opened(path, flags, *more, **options)


_renamed, _opened = _closed_only(os.rename), os.open
os.rename, os.open = _rename, _open
os.replace, os.unlink, os.remove = _closed_only(os.replace), _closed_only(os.unlink), _closed_only(os.remove)
for _module, _names in ((signal, SIGNALS), (os, SYSTEM), (socket, SOCKETS)):
    for _name in _names:
        if hasattr(_module, _name):
            delattr(_module, _name)
for _name in ("add_signal_handler", "remove_signal_handler", "create_unix_server", "create_unix_connection"):
    setattr(asyncio.SelectorEventLoop, _name, _not_there)
for _name in ("add_reader", "add_writer"):
    setattr(asyncio.selector_events.BaseSelectorEventLoop, _name, _not_there)
builtins.__import__ = _guarded
assert shutil and subprocess and tempfile
