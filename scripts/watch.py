"""Watch one chat: prints a line for every frame of its socket, until Ctrl-C.

    .venv/bin/python scripts/watch.py CUSTOMER TOKEN [--url ws://127.0.0.1:8000] [--last-seq N]

docs/realtime.md says what the frames mean.
"""

import argparse
import json
import os
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def line(frame: dict[str, Any]) -> str:
    data = frame["data"]
    text = data.get("text") or data.get("status") or ""
    if data.get("direction") == "outbound":
        text += f" ({data['status']})"
    who = {"inbound": "customer: ", "outbound": "desk: "}.get(data.get("direction", ""), "")
    if frame["type"] == "recent_messages":
        text = f"{len(data['messages'])} messages"
    elif frame["type"] not in ("chat_message", "message_status"):
        text = json.dumps(data)
    return f"[socket] {frame.get('seq', '-'):>4} {frame['type']:18} {who}{text}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Watch the socket of one chat.")
    parser.add_argument("customer", type=int)
    parser.add_argument("token", help="an access token")
    parser.add_argument("--url", default=f"ws://127.0.0.1:{os.environ.get('PORT', 8000)}")
    parser.add_argument("--last-seq", type=int, help="resume behind this number")
    wanted = parser.parse_args()
    query = "" if wanted.last_seq is None else f"?last_seq={wanted.last_seq}"
    with connect(f"{wanted.url}/ws/chat/{wanted.customer}/{query}", subprotocols=["bearer", wanted.token]) as socket:
        try:
            for text in socket:
                print(line(json.loads(text)), flush=True)
        except ConnectionClosed as closed:
            print(f"[socket] closed: {closed.rcvd.code if closed.rcvd else 'connection lost'}")
        else:
            print(f"[socket] closed: {socket.close_code}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
