"""transcript.py - conversations as `mynah eval --transcripts` writes them, and what tests make of them.

One JSON object per line; a string's code points 0..255 are the bytes. Here they become bytes.
"""
import json
import random
from bisect import bisect_left


class Unreadable(Exception):
    """One sentence about file and line."""


def read(path):
    """All conversations of a file, with bytes instead of strings; raises Unreadable."""
    conversations = []
    try:
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    conversations.append(_conversation(path, number, line))
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{path}: is no text; write one with mynah eval --transcripts.") from None
    return conversations


def _conversation(path, number, line):
    try:
        conversation = json.loads(line)
        for key, kind in (("conversation", int), ("proto", str), ("client", str), ("client_port", int),
                          ("server", str), ("server_port", int), ("messages", list)):
            if not isinstance(conversation[key], kind):
                raise ValueError(f"{key} has the wrong type")
        for message in conversation["messages"]:
            if message["from"] not in ("client", "server"):
                raise ValueError(f'from is "{message["from"]}", not client or server')
            message["time"] = float(message["time"])
            for key in ("bytes", "recorded"):
                if key in message:
                    message[key] = message[key].encode("latin-1")
            message["bytes"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise Unreadable(f"{path}:{number}: no conversation as mynah eval --transcripts writes them: "
                         f"{what}.") from None
    return conversation


def with_ports(conversations, ports):
    """A simulated server has port 0, as a model knows none: it gets the first of these, tcp/21 ..., of its transport."""
    usual = {transport: int(port) for transport, port in (p.split("/") for p in reversed(ports))}
    return [{**c, "server_port": c["server_port"] or usual.get(c["proto"], 0)} for c in conversations]


def _with_server(conversation, messages):
    return {**conversation, "messages": messages}


def recorded(conversations):
    """What the real servers said instead; where they were silent, nothing."""
    result = []
    for conversation in conversations:
        messages = []
        for message in conversation["messages"]:
            if message["from"] == "server" and "recorded" in message:
                if not message["recorded"]:
                    continue
                message = {**message, "bytes": message["recorded"]}
            messages.append(message)
        result.append(_with_server(conversation, messages))
    return result


def _replies(conversation):
    return [m["bytes"] for m in conversation["messages"] if m["from"] == "server" and m["bytes"]]


def swapped(conversations):
    """Each server message becomes that at the same position of another conversation.

    Conversations without any are left out: there is nothing to swap.
    Which one is drawn with a fixed seed among those that get so far; where none other does, the message stays.
    """
    draw = random.Random(4)
    conversations = [c for c in conversations if _replies(c)]
    replies = [_replies(conversation) for conversation in conversations]
    far = [range(len(replies))]		# far[d]: conversations with at least d replies
    for depth in range(max(map(len, replies), default=0)):
        far.append([i for i in far[-1] if len(replies[i]) > depth])
    result = []
    for number, conversation in enumerate(conversations):
        depth, messages = 0, []
        for message in conversation["messages"]:
            if message["from"] == "server" and message["bytes"]:
                depth += 1
                partners = far[depth]
                step = draw.randrange(1, len(partners)) if len(partners) > 1 else 0
                partner = partners[(bisect_left(partners, number) + step) % len(partners)]
                message = {**message, "bytes": replies[partner][depth - 1]}
            messages.append(message)
        result.append(_with_server(conversation, messages))
    return result
