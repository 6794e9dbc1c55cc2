"""`python -m tests.payloads --base … --ykc … --dny … --token …`: send everything, print what was made as JSON."""

import argparse
import asyncio
import json
import sys

from tests.payloads.senders import Target, send_everything


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="http://127.0.0.1:8080")
    parser.add_argument("--ykc", type=int, required=True, help="port of the 云快充 listener")
    parser.add_argument("--dny", type=int, required=True, help="port of the DNY listener")
    parser.add_argument("--token", required=True, help="of an administrator")
    given = parser.parse_args()
    made = asyncio.run(send_everything(Target(given.base, given.ykc, given.dny, given.token)))
    print(json.dumps(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
