#!/usr/bin/env python3
"""Connects to a gateway's API as PyPI's ib_async 2.1 does by default and says what it found.

    ib_async_connect.py HOST PORT [CLIENT_ID [CA [CERTIFICATE KEY]]]

With the file of a CA it connects by TLS, and shows the certificate when there is one.
Prints one JSON object: {"server_version": int, "accounts": [str], "time": str}.
Exit status 1 when the connection or any of its first requests fails, 2 when ib_async is missing.
"""

import functools
import json
import ssl
import sys


def main(arguments):
    if len(arguments) not in (2, 3, 4, 6):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        from ib_async import IB, util
    except ImportError as missing:
        print(f"ib_async_connect: {missing}: install ib_async 2.1.0 into a virtual environment", file=sys.stderr)
        return 2
    host, port = arguments[0], int(arguments[1])
    client_id = int(arguments[2]) if len(arguments) > 2 else 7
    if len(arguments) > 3:
        context = ssl.create_default_context(cafile=arguments[3])
        if len(arguments) > 4:
            context.load_cert_chain(arguments[4], arguments[5])
        # ib_async knows no TLS; the loop does.
        loop = util.getLoop()
        loop.create_connection = functools.partial(loop.create_connection, ssl=context)
    ib = IB()
    try:
        # raiseSyncErrors: a request that is never answered is a failure, not a line in a log.
        ib.connect(host, port, clientId=client_id, timeout=10, raiseSyncErrors=True)
        found = {
            "server_version": ib.client.serverVersion(),
            "accounts": ib.managedAccounts(),
            "time": ib.reqCurrentTime().isoformat(),
        }
    except Exception as failed:
        print(f"ib_async_connect: {host}:{port}: {failed!r}", file=sys.stderr)
        return 1
    finally:
        try:
            ib.disconnect()
        except NotImplementedError:
            # ib_async closes its half first, which asyncio cannot do with TLS.
            pass
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
