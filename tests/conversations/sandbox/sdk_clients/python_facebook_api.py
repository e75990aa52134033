"""Prints what python-facebook-api reads from a sandbox: python python_facebook_api.py URL PAGE_ID

The token is read from standard input. Runs in .venv-sdk.
"""

import json
import sys

from pyfacebook import FacebookApi

THREAD_FIELDS = "id,updated_time,message_count,participants"
MESSAGE_FIELDS = "id,message,created_time,from"


def read(url: str, page_id: str, token: str) -> dict:
    api = FacebookApi(access_token=token, base_url=f"{url}/", version="v26.0")
    threads = connections(api, page_id, "conversations", THREAD_FIELDS)
    ids = [thread["id"] for thread in threads]
    return {
        "page": api.page.get_info(page_id=page_id, return_json=True),
        "threads": [
            thread | {"messages": connections(api, thread["id"], "messages", MESSAGE_FIELDS)}
            for thread in threads
        ],
        "by_ids": api.conversation.get_batch(ids=ids, return_json=True),
        "one": api.conversation.get_info(conversation_id=ids[0], return_json=True),
    }


def connections(api: FacebookApi, id: str, connection: str, fields: str) -> list:
    """The whole list; the library asks for two at a time."""
    answer = api.get_full_connections(id, connection, fields=fields, count=None, limit=2)
    return answer["data"]


if __name__ == "__main__":
    url, page_id = sys.argv[1:]
    json.dump(read(url, page_id, sys.stdin.read().strip()), sys.stdout)
