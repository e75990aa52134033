"""Sends by Meta's SDK (facebook-business) to a sandbox: python meta_business_sdk_sending.py URL PAGE_ID

Prints the answers. The token is read from standard input. Runs in .venv-sdk.
"""

import json
import sys

from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession


def send(url: str, page_id: str, token: str) -> list:
    FacebookSession.GRAPH = url
    api = FacebookAdsApi(FacebookSession(access_token=token), api_version="v26.0")
    page = Page(page_id, api=api)
    to_ana = {"recipient": {"id": "7001"}, "messaging_type": Page.MessagingType.response}
    picture = {"type": "image", "payload": {"url": f"{url}/nothing.png"}}
    return [
        answer(page.create_message, {**to_ana, "message": {"text": "Hello"}}),
        answer(page.create_take_thread_control, {"recipient": {"id": "7001"}}),
        answer(page.create_message, {**to_ana, "message": {"text": "Grüße", "metadata": "outbox:1"}}),
        answer(page.create_message, {"recipient": {"id": "7001"}, "sender_action": "mark_seen"}),
        answer(page.create_message, {**to_ana, "message": {"text": "x" * 2001}}),
        answer(page.create_message_attachment, {"message": {"attachment": picture}, "platform": "MESSENGER"}),
    ]


def answer(call, params: dict) -> dict | list:
    try:
        return call(params=params).export_all_data()
    except FacebookRequestError as error:
        return [error.api_error_code(), error.api_error_subcode()]


if __name__ == "__main__":
    url, page_id = sys.argv[1:]
    json.dump(send(url, page_id, sys.stdin.read().strip()), sys.stdout)
