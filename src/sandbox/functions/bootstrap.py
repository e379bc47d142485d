"""Runs one invocation of a Python function: `python3 -I -c SOURCE`, in an empty folder.

The request comes on stdin: a line with its length, then JSON. This process only watches; a child runs the code. When
stdin ends (the sandbox gave up, stopped, or died) or the handler is through, the child's whole process group is killed.
What the handler answers goes to stdout as JSON; everything printed goes to stderr.
"""
import os
import select
import signal
import sys


def read(size):
    parts = b""
    while len(parts) < size:
        part = os.read(0, size - len(parts))
        if not part:
            os._exit(70)
        parts += part
    return parts


def request():
    digits = b""
    while not digits.endswith(b"\n"):
        digits += read(1)
    return read(int(digits))


def watch(child):
    """Waits for the child, or for the end of stdin."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        given_up = not ended and select.select([0], [], [], 0.02)[0]
        if not ended and not given_up:
            continue
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if not ended:
            status = os.waitpid(child, 0)[1]
        os._exit(os.waitstatus_to_exitcode(status) & 255)


def answer(out, **members):
    import json
    with os.fdopen(out, "w") as stream:
        stream.write(json.dumps(members))


def failure(error, trace):
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": trace}


class Context:
    """What a handler gets besides the event."""

    def __init__(self, told):
        import time
        self.function_name, self.function_version = told["name"], told["version"]
        self.invoked_function_arn, self.memory_limit_in_mb = told["arn"], told["memory"]
        self.aws_request_id, self.log_group_name, self.log_stream_name = told["id"], told["group"], told["stream"]
        self.identity = self.client_context = None
        self._until = time.monotonic() + told["timeout"]

    def get_remaining_time_in_millis(self):
        import time
        return max(0, int((self._until - time.monotonic()) * 1000))


def invoke(told):
    """Runs the handler; never returns."""
    import base64
    import importlib
    import io
    import json
    import traceback
    import zipfile
    out = os.dup(1)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        folder = os.getcwd()
        zipfile.ZipFile(io.BytesIO(base64.b64decode(told["code"]))).extractall(folder)
        sys.path.insert(0, folder)
        module, _, name = told["handler"].rpartition(".")
        try:
            handler = getattr(importlib.import_module(module.replace("/", ".")), name)
        except AttributeError:
            answer(out, error={"errorMessage": f"Handler '{name}' missing on module '{module}'",
                               "errorType": "Runtime.HandlerNotFound", "stackTrace": []})
            os._exit(0)
        except ImportError as error:
            answer(out, error={"errorMessage": f"Unable to import module '{module}': {error}",
                               "errorType": "Runtime.ImportModuleError", "stackTrace": []})
            os._exit(0)
        result = handler(json.loads(told["event"]), Context(told))
        sys.stdout.flush()
        try:
            payload = json.dumps(result)
        except (TypeError, ValueError) as error:
            answer(out, error={"errorMessage": f"Unable to marshal response: {error}",
                               "errorType": "Runtime.MarshalError", "stackTrace": []})
            os._exit(0)
        answer(out, payload=payload)
    except SystemExit as error:
        sys.stdout.flush()
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        answer(out, error={"errorMessage": f"RequestId: {told['id']} Error: Runtime exited with error: exit status {code}",
                           "errorType": "Runtime.ExitError"})
    except BaseException as error:  # noqa: BLE001
        trace = traceback.format_tb(error.__traceback__)[1:]
        sys.stdout.flush()
        print(f"[ERROR] {type(error).__name__}: {error}\n" + "".join(trace), file=sys.stderr)
        answer(out, error=failure(error, trace))
    os._exit(0)


told = request()
child = os.fork()
if child:
    try:
        os.setpgid(child, child)
    except OSError:
        pass  # the child was faster
    os.close(1)
    os.close(2)
    watch(child)
os.setpgid(0, 0)
import json  # noqa: E402
invoke(json.loads(told))
