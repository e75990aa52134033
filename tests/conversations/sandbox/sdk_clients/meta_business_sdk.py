"""Prints what Meta's SDK (facebook-business) reads from a sandbox: python meta_business_sdk.py URL PAGE_ID

The token is read from standard input. Runs in .venv-sdk.
"""

import json
import sys

from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

PAGE_FIELDS = ["name", "about", "has_transitioned_to_new_page_experience"]
THREAD_FIELDS = ["id", "updated_time", "message_count", "participants"]
MESSAGE_FIELDS = ["id", "message", "created_time", "from"]


def read(url: str, page_id: str, token: str) -> dict:
    FacebookSession.GRAPH = url
    api = FacebookAdsApi(FacebookSession(access_token=token), api_version="v26.0")
    page = Page(page_id, api=api)
    threads = page.get_conversations(fields=THREAD_FIELDS, params={"limit": 2})
    return {
        "page": page.api_get(fields=PAGE_FIELDS).export_all_data(),
        "threads": [thread.export_all_data() | {"messages": list(messages(thread))} for thread in threads],
        "total": page.get_conversations(params={"limit": 1, "summary": "true"}).total(),
        "batch": batch(api, page_id),
    }


def messages(thread):
    for message in thread.get_messages(fields=MESSAGE_FIELDS, params={"limit": 2}):
        yield message.export_all_data()


def batch(api: FacebookAdsApi, page_id: str) -> list:
    """Two calls in one, as the SDK sends them."""
    answers: list = []
    calls = api.new_batch()
    for platform in ("messenger", "instagram"):
        Page(page_id, api=api).get_conversations(
            params={"platform": platform},
            batch=calls,
            success=lambda response: answers.append(len(response.json()["data"])),
            failure=lambda response: answers.append(response.error().api_error_code()),
        )
    calls.execute()
    return answers


if __name__ == "__main__":
    url, page_id = sys.argv[1:]
    json.dump(read(url, page_id, sys.stdin.read().strip()), sys.stdout)
