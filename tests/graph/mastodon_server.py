"""A server on loopback that behaves like Mastodon's API: pages by Link headers, rate limits, faults, cut answers."""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Network:
    """Accounts 1 to n; account i follows some others, drawn by its number, the first ones most often."""

    def __init__(self, accounts=300, friends=30, faults=0.0, limit=None, window=1.0, hidden=(), seed=0):
        self.accounts, self.friends, self.faults, self.seed = accounts, friends, faults, seed
        self.limit, self.window, self.hidden = limit, window, frozenset(hidden)
        self.asked: dict[str, int] = {}  # how often each page was given as a whole
        self.refused = 0
        self.lock = threading.Lock()
        self.random = random.Random(seed)
        self.left, self.reset = limit, time.time() + window
        self.used_up = 0  # how often a window's requests were used up
        self.friends_of: dict[int, list[int]] = {}
        self.followers: dict[int, list[int]] = {}
        for account in range(1, accounts + 1):
            for other in self.following(account):
                self.followers.setdefault(other, []).append(account)

    def following(self, account):
        if account not in self.friends_of:
            drawn = random.Random(f"{self.seed} {account}")
            others = {min(self.accounts, 1 + int(self.accounts * drawn.random() ** 2)) for _ in range(self.friends)}
            self.friends_of[account] = sorted(others - {account})
        return self.friends_of[account]

    def describe(self, account):
        return {
            "id": str(account),
            "acct": f"user{account}",
            "followers_count": len(self.followers.get(account, ())),
            "following_count": len(self.following(account)),
        }

    def statuses(self, account):
        others = self.following(account)[:3]
        reply = {"created_at": "2024-05-01T10:00:00Z", "reblog": None, "in_reply_to_account_id": str(others[0])}
        reply["mentions"] = [{"id": str(other), "acct": f"user{other}"} for other in others[:2]]
        repost = {"created_at": "2024-05-02T10:00:00Z", "reblog": {"account": self.describe(others[-1])}}
        return [reply, repost]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: the second of two waits 40 ms for the first to be confirmed

    def log_message(self, *args):
        pass

    def do_GET(self):
        network = self.server.network
        with network.lock:
            now = time.time()
            if network.limit is not None:
                if now >= network.reset:
                    network.left, network.reset = network.limit, now + network.window
                if not network.left:
                    network.refused += 1
                    return self.give({"error": "Too many requests"}, 429)
                network.left -= 1
                network.used_up += not network.left
            fault = network.random.random() < network.faults and network.random.choice(["cut", "500", "close", "html"])
        if fault == "close":
            self.close_connection = True
            return None
        if fault == "500":
            return self.give({"error": "oops"}, 500)
        if fault == "html":
            return self.give(None, 200, body=b"<html>gateway</html>")
        return self.answer(network, cut=fault == "cut")

    def answer(self, network, cut):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        words = parts.path.strip("/").split("/")
        if words[:3] != ["api", "v1", "accounts"]:
            return self.give({"error": "Not found"}, 404)
        if words[3] == "lookup":
            name = query.get("acct", "")
            known = name.startswith("user") and name[4:].isdigit() and 1 <= int(name[4:]) <= network.accounts
            return self.give(
                network.describe(int(name[4:])) if known else {"error": "Not found"}, 200 if known else 404, cut=cut
            )
        account, kind = int(words[3]), words[4]
        if account in network.hidden:
            return self.give({"error": "This network is hidden"}, 403)
        if kind == "statuses":
            return self.give(network.statuses(account), 200, cut=cut)
        others = network.following(account) if kind == "following" else network.followers.get(account, [])
        first, size = int(query.get("max_id", 0)), min(80, int(query.get("limit", 40)))
        page = [network.describe(other) for other in others[first : first + size]]
        links = []
        if first + size < len(others):
            links = [f'<http://{self.headers["Host"]}{parts.path}?limit={size}&max_id={first + size}>; rel="next"']
        links.append(f'<http://{self.headers["Host"]}{parts.path}?since_id=9>; rel="prev"')
        return self.give(page, 200, cut=cut, link=", ".join(links))

    def give(self, value, status, *, cut=False, link=None, body=None):
        network = self.server.network
        body = json.dumps(value).encode() if body is None else body
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if network.limit is not None:
            reset = datetime.fromtimestamp(network.reset, timezone.utc)
            self.send_header("X-RateLimit-Limit", str(network.limit))
            self.send_header("X-RateLimit-Remaining", str(network.left))
            self.send_header("X-RateLimit-Reset", reset.isoformat().replace("+00:00", "Z"))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        if cut:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)
            if status == 200 and value is not None:
                with network.lock:
                    network.asked[self.path] = network.asked.get(self.path, 0) + 1


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, network):
        super().__init__(("127.0.0.1", 0), Handler)
        self.network = network
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass  # a client that was killed

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *rest):
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, kind, default in (
        ("accounts", int, 300),
        ("friends", int, 30),
        ("faults", float, 0.0),
        ("limit", int, None),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    with Server(Network(**vars(parser.parse_args()))) as server:
        print(server.url, flush=True)
        threading.Event().wait()
