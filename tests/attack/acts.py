"""Who may do what: one row for each act, one column for each kind of person.

`tests/test_roles.py` does each of them in the process of the tests, `tests/attack` against a live server.
"""

# All requests are about one Page. `ended`: a manager whose account is inactive, or whose session has ended.
# `nobody`: a user without a role and without staff status. `staff`: the same with staff status. `other`: the
# manager of another Page. In the admin all of the following are staff, too.
WHO = ["stranger", "ended", "nobody", "staff", "other", "viewer", "tagger", "agent", "manager", "superuser"]

# ok       done or shown
# login    sign in first: 401, or a redirect to /login
# hidden   not visible: 404, or the expected text is not in the response
# refused  visible, but the role is missing: 403
TABLE = """
REST    see a conversation               login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    read its messages                login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    ask for it by its ID             login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    list a Page                      login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    search a Page                    login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    export a Page                    login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    export its messages              login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    export a Page as Parquet         login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    request a file of a Page         login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see the contact card             login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see its contact times            login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see its history                  login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see a Page                       login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see its threads                  login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see a run                        login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see why a run failed             login   login   hidden  hidden  hidden  hidden  hidden  hidden  ok      ok
REST    tag a conversation               login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    replace its tags                 login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    tag many                         login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    undo an action                   login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    set the status                   login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    set the status of many           login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    mark as read                     login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    mark as unread                   login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    mark many as read                login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    assign a conversation            login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    assign many                      login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    snooze a conversation            login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    snooze many                      login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    write a note                     login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    read the notes                   login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    change somebody's note           login   login   hidden  hidden  hidden  refused refused refused ok      ok
REST    delete somebody's note           login   login   hidden  hidden  hidden  refused refused refused ok      ok
REST    see messages that are not sent   login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    see a message                    login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    answer a customer                login   login   hidden  hidden  hidden  refused refused ok      ok      ok
REST    cancel a message                 login   login   hidden  hidden  hidden  refused refused ok      ok      ok
REST    retry a message                  login   login   hidden  hidden  hidden  refused refused ok      ok      ok
REST    discard a message                login   login   hidden  hidden  hidden  refused refused ok      ok      ok
REST    see who works on the Page        login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    create a tag                     login   login   refused refused ok      refused ok      ok      ok      ok
REST    rename a tag                     login   login   refused refused refused refused refused refused refused ok
REST    delete a tag                     login   login   refused refused refused refused refused refused refused ok
REST    save a view of the Page          login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    use a shared view                login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    change somebody's view           login   login   hidden  hidden  hidden  refused refused refused refused ok
REST    order somebody's views           login   login   hidden  hidden  hidden  refused refused refused refused ok
REST    make a saved reply               login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    make a saved reply for all       login   login   refused refused ok      refused ok      ok      ok      ok
REST    see a saved reply                login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
REST    change somebody's saved reply    login   login   hidden  hidden  hidden  refused refused refused ok      ok
REST    use a saved reply                login   login   hidden  hidden  hidden  refused ok      ok      ok      ok
REST    keep a draft                     login   login   hidden  hidden  hidden  refused refused ok      ok      ok
REST    sync                             login   login   hidden  hidden  hidden  refused refused refused ok      ok
REST    count what a deletion removes    login   login   hidden  hidden  hidden  refused refused refused ok      ok
REST    delete a person                  login   login   hidden  hidden  hidden  refused refused refused ok      ok
stream  sync and watch                   login   login   hidden  hidden  hidden  refused refused refused ok      ok
stream  watch a Page                     login   login   hidden  hidden  hidden  ok      ok      ok      ok      ok
admin   see a conversation               login   login   refused hidden  hidden  ok      ok      ok      ok      ok
admin   find it in the list              login   login   refused hidden  hidden  ok      ok      ok      ok      ok
admin   export a conversation            login   login   refused hidden  hidden  ok      ok      ok      ok      ok
admin   see a Page                       login   login   refused hidden  hidden  ok      ok      ok      ok      ok
admin   see a thread of the ledger       login   login   refused hidden  hidden  ok      ok      ok      ok      ok
admin   see a run                        login   login   refused hidden  hidden  ok      ok      ok      ok      ok
admin   see why a run failed             login   login   refused hidden  hidden  hidden  hidden  hidden  ok      ok
admin   connect a Page                   login   login   refused refused refused refused refused refused refused ok
admin   see the members of a Page        login   login   refused hidden  hidden  hidden  hidden  hidden  ok      ok
admin   tag a conversation               login   login   refused hidden  hidden  refused ok      ok      ok      ok
admin   set the status                   login   login   refused hidden  hidden  refused ok      ok      ok      ok
admin   mark as read                     login   login   refused hidden  hidden  refused ok      ok      ok      ok
admin   assign a conversation            login   login   refused hidden  hidden  refused ok      ok      ok      ok
admin   snooze a conversation            login   login   refused hidden  hidden  refused ok      ok      ok      ok
admin   write a note                     login   login   refused hidden  hidden  refused ok      ok      ok      ok
admin   delete somebody's note           login   login   refused hidden  hidden  refused refused refused ok      ok
admin   undo an action                   login   login   refused refused refused refused ok      ok      ok      ok
admin   create a tag                     login   login   refused refused ok      refused ok      ok      ok      ok
admin   rename a tag                     login   login   refused refused refused refused refused refused refused ok
admin   delete a tag                     login   login   refused refused refused refused refused refused refused ok
admin   save a view                      login   login   refused ok      ok      ok      ok      ok      ok      ok
admin   change somebody's view           login   login   refused hidden  hidden  refused refused refused refused ok
admin   make a saved reply for all       login   login   refused refused ok      refused ok      ok      ok      ok
admin   change somebody's saved reply    login   login   refused hidden  hidden  refused refused refused ok      ok
admin   sync                             login   login   refused hidden  hidden  refused refused refused ok      ok
admin   close old conversations          login   login   refused hidden  hidden  refused refused refused ok      ok
admin   see an imported thread           login   login   refused hidden  hidden  hidden  hidden  hidden  ok      ok
admin   take an imported thread out      login   login   refused hidden  hidden  hidden  hidden  hidden  ok      ok
admin   ask to delete a person           login   login   refused hidden  hidden  refused refused refused ok      ok
admin   delete a person                  login   login   refused hidden  hidden  refused refused refused ok      ok
admin   see that a person was deleted    login   login   refused hidden  hidden  hidden  hidden  hidden  ok      ok
admin   rename a Page                    login   login   refused hidden  hidden  refused refused refused refused ok
admin   add a member at the Page         login   login   refused hidden  hidden  refused refused refused refused ok
admin   add a member at the user         login   login   refused refused refused refused refused refused refused ok
admin   delete everything of a Page      login   login   refused refused refused refused refused refused refused ok
admin   see users                        login   login   refused refused refused refused refused refused refused ok
admin   see API keys                     login   login   refused refused refused refused refused refused refused ok
admin   see sign-ins                     login   login   refused refused refused refused refused refused refused ok
admin   end an API key                   login   login   refused refused refused refused refused refused refused ok
admin   change the password of a user    login   login   refused refused refused refused refused refused refused ok
site    create an own API key            login   login   ok      ok      ok      ok      ok      ok      ok      ok
site    change the own password          login   login   ok      ok      ok      ok      ok      ok      ok      ok
site    set up a second factor           login   login   ok      ok      ok      ok      ok      ok      ok      ok
site    see the own sessions             login   login   ok      ok      ok      ok      ok      ok      ok      ok
site    log out everywhere               login   login   ok      ok      ok      ok      ok      ok      ok      ok
site    confirm the password             login   login   ok      ok      ok      ok      ok      ok      ok      ok
"""  # noqa: E501 - a table
ROWS = [(line[:8].strip(), line[8:41].strip(), line[41:].split()) for line in TABLE.strip().splitlines()]

ADMIN = "/admin/conversations"
REQUESTS: dict[
    tuple[str, str], tuple
] = {  # door and act: the request, its body, and words that must be in the answer to be shown
    ("REST", "see a conversation"): ("get /api/conversations/{conversation}",),
    ("REST", "read its messages"): ("get /api/conversations/{conversation}/events", None, "Hello you"),
    ("REST", "ask for it by its ID"): ("get /api/conversations?ids={conversation}", None, "Ada"),
    ("REST", "list a Page"): ("get /api/conversations?facebookPageId={facebook}", None, "Ada"),
    ("REST", "search a Page"): ("get /api/conversations?search=Ada&limit=5", None, "Ada"),
    ("REST", "export a Page"): ("get /api/conversations/export?facebookPageId={facebook}",),
    ("REST", "export its messages"): (
        "get /api/conversations/export?what=messages&facebookPageId={facebook}&ids={conversation}",
    ),
    ("REST", "export a Page as Parquet"): (
        "get /api/conversations/export?format=parquet&facebookPageId={facebook}",
    ),
    ("REST", "request a file of a Page"): (
        "post /api/exports",
        {"what": "messages", "filter": {"facebookPageId": "{facebook}"}},
    ),
    ("REST", "see the contact card"): ("get /api/conversations/{conversation}/contact", None, "Ada"),
    ("REST", "see its contact times"): (
        "get /api/conversations/{conversation}/contact-times",
        None,
        "received",
    ),
    ("REST", "see its history"): ("get /api/conversations/{conversation}/events?what=history", None, "VIP"),
    ("REST", "see a Page"): ("get /api/pages/{page}",),
    ("REST", "see its threads"): ("get /api/pages/{page}/threads",),
    ("REST", "see a run"): ("get /api/sync-runs/{run}",),
    ("REST", "see why a run failed"): ("get /api/sync-runs/{run}", None, "Facebook says no"),
    ("REST", "tag a conversation"): ("post /api/conversations/{conversation}/tags", {"tagIds": ["{tag}"]}),
    ("REST", "replace its tags"): ("put /api/conversations/{conversation}/tags", {"tagIds": []}),
    ("REST", "tag many"): (
        "post /api/conversations/bulk-tags",
        {"conversationIds": ["{conversation}"], "tagIds": ["{tag}"], "action": "remove"},
    ),
    ("REST", "undo an action"): ("post /api/acts/{act}/undo", {}),
    ("REST", "set the status"): (
        "patch /api/conversations/{conversation}",
        {"conversation_status": "done"},
    ),
    ("REST", "set the status of many"): (
        "post /api/conversations/bulk-status",
        {"conversationIds": ["{conversation}"], "conversation_status": "done"},
    ),
    ("REST", "mark as read"): ("post /api/conversations/{conversation}/read", {}),
    ("REST", "mark as unread"): ("post /api/conversations/{conversation}/unread", {}),
    ("REST", "mark many as read"): (
        "post /api/conversations/bulk-read",
        {"conversationIds": ["{conversation}"]},
    ),
    ("REST", "assign a conversation"): (
        "put /api/conversations/{conversation}/assignee",
        {"userId": None},
    ),
    ("REST", "assign many"): (
        "post /api/conversations/bulk-assign",
        {"conversationIds": ["{conversation}"], "userId": None},
    ),
    ("REST", "snooze a conversation"): (
        "patch /api/conversations/{conversation}",
        {"snoozed_until": "2099-01-01T00:00:00Z"},
    ),
    ("REST", "snooze many"): (
        "post /api/conversations/bulk-snooze",
        {"conversationIds": ["{conversation}"], "snoozed_until": None},
    ),
    ("REST", "write a note"): ("post /api/conversations/{conversation}/notes", {"text": "Call her"}),
    ("REST", "read the notes"): (
        "get /api/conversations/{conversation}/events?what=notes",
        None,
        "She likes red",
    ),
    ("REST", "change somebody's note"): (
        "patch /api/conversations/{conversation}/notes/{note}",
        {"text": "She likes blue"},
    ),
    ("REST", "delete somebody's note"): ("delete /api/conversations/{conversation}/notes/{note}",),
    ("REST", "see messages that are not sent"): (
        "get /api/conversations/{conversation}/messages",
        None,
        "On its way",
    ),
    ("REST", "see a message"): ("get /api/messages/{message}", None, "On its way"),
    ("REST", "answer a customer"): (
        "post /api/conversations/{conversation}/messages",
        {"text": "Yes, it is", "clientId": "00000000-0000-4000-8000-{number:012}"},
    ),
    ("REST", "cancel a message"): ("post /api/messages/{message}/cancel", {}),
    ("REST", "retry a message"): ("post /api/messages/{failed}/retry", {}),
    ("REST", "discard a message"): ("post /api/messages/{failed}/discard", {}),
    ("REST", "see who works on the Page"): ("get /api/pages/{page}/colleagues", None, "colleague"),
    ("REST", "create a tag"): ("post /api/tags", {"name": "New {number}"}),
    ("REST", "rename a tag"): ("put /api/tags/{tag}", {"name": "New {number}"}),
    ("REST", "delete a tag"): ("delete /api/tags/{tag}?force=1",),
    ("REST", "save a view of the Page"): (
        "post /api/views",
        {"name": "V {number}", "facebookPageId": "{facebook}"},
    ),
    ("REST", "use a shared view"): ("get /api/views/{view}",),
    ("REST", "change somebody's view"): ("put /api/views/{view}", {"name": "V {number}"}),
    ("REST", "order somebody's views"): ("put /api/views/order", {"viewIds": ["{view}"]}),
    ("REST", "make a saved reply"): (
        "post /api/saved-replies",
        {"name": "R {number}", "text": "Hi", "facebookPageId": "{facebook}"},
    ),
    ("REST", "make a saved reply for all"): ("post /api/saved-replies", {"name": "R {number}", "text": "Hi"}),
    ("REST", "see a saved reply"): ("get /api/saved-replies/{reply}",),
    ("REST", "change somebody's saved reply"): (
        "put /api/saved-replies/{reply}",
        {"name": "R {number}", "text": "Hi", "facebookPageId": "{facebook}"},
    ),
    ("REST", "use a saved reply"): (
        "post /api/saved-replies/{reply}/use",
        {"conversationId": "{conversation}"},
    ),
    ("REST", "keep a draft"): ("put /api/conversations/{conversation}/draft", {"text": "Hello"}),
    ("REST", "sync"): ("post /api/conversations/sync", {"pageId": "{page}"}),
    ("REST", "count what a deletion removes"): ("delete /api/conversations/{conversation}?dry_run=1",),
    ("REST", "delete a person"): ("delete /api/conversations/{conversation}",),
    ("stream", "sync and watch"): ("post /api/conversations/sync-stream", {"pageId": "{page}"}),
    ("stream", "watch a Page"): ("get /api/events?facebookPageId={facebook}",),
    ("admin", "see a conversation"): (f"get {ADMIN}/conversation/{{conversation}}/change/",),
    ("admin", "find it in the list"): (f"get {ADMIN}/conversation/", None, "Ada"),
    ("admin", "export a conversation"): (
        f"post {ADMIN}/export/add/?conversation={{conversation}}",
        {"what": "messages", "format": "csv"},
    ),
    ("admin", "see a Page"): (f"get {ADMIN}/page/{{page}}/change/",),
    ("admin", "see a thread of the ledger"): (f"get {ADMIN}/thread/{{thread}}/change/",),
    ("admin", "see a run"): (f"get {ADMIN}/syncrun/{{run}}/change/",),
    ("admin", "see why a run failed"): (f"get {ADMIN}/page/{{page}}/change/", None, "Facebook says no"),
    ("admin", "connect a Page"): (f"get {ADMIN}/page/connect/",),
    ("admin", "see the members of a Page"): (f"get {ADMIN}/page/{{page}}/change/", None, "colleague"),
    ("admin", "tag a conversation"): (f"post {ADMIN}/conversation/{{conversation}}/tags/", {"add": "{tag}"}),
    ("admin", "set the status"): (
        f"post {ADMIN}/conversation/{{conversation}}/status/",
        {"status": "done"},
    ),
    ("admin", "mark as read"): (f"post {ADMIN}/conversation/{{conversation}}/read/", {}),
    ("admin", "assign a conversation"): (f"post {ADMIN}/conversation/{{conversation}}/assignee/", {}),
    ("admin", "snooze a conversation"): (
        f"post {ADMIN}/conversation/{{conversation}}/snooze/",
        {"hours": "1"},
    ),
    ("admin", "write a note"): (f"post {ADMIN}/conversation/{{conversation}}/notes/", {"text": "Call her"}),
    ("admin", "delete somebody's note"): (
        f"post {ADMIN}/conversation/{{conversation}}/delete-note/",
        {"note": "{note}"},
    ),
    ("admin", "undo an action"): (f"post {ADMIN}/conversation/operations/{{act}}/undo/", {}),
    ("admin", "create a tag"): ("post /admin/tags/tag/add/", {"name": "New {number}", "color": "#123456"}),
    ("admin", "rename a tag"): (
        "post /admin/tags/tag/{tag}/change/",
        {"name": "New {number}", "color": "#123456"},
    ),
    ("admin", "delete a tag"): ("post /admin/tags/tag/{tag}/delete/", {"post": "yes"}),
    ("admin", "save a view"): (f"post {ADMIN}/savedview/add/", {"name": "V {number}"}),
    ("admin", "change somebody's view"): (
        f"post {ADMIN}/savedview/{{view}}/change/",
        {"name": "V {number}"},
    ),
    ("admin", "make a saved reply for all"): (
        f"post {ADMIN}/savedreply/add/",
        {"name": "R {number}", "text": "Hi"},
    ),
    ("admin", "change somebody's saved reply"): (
        f"post {ADMIN}/savedreply/{{reply}}/change/",
        {"name": "R {number}", "text": "Hi", "page": "{page}"},
    ),
    ("admin", "sync"): (f"post {ADMIN}/page/{{page}}/sync/", {}),
    ("admin", "close old conversations"): (f"post {ADMIN}/page/{{page}}/close-history/", {"days": 30}),
    ("admin", "see an imported thread"): (f"get {ADMIN}/importedthread/{{imported}}/change/",),
    ("admin", "take an imported thread out"): (
        f"post {ADMIN}/importedthread/{{imported}}/decide/",
        {"act": "take_out"},
    ),
    ("admin", "ask to delete a person"): (f"get {ADMIN}/erasure/person/{{conversation}}/",),
    ("admin", "delete a person"): (f"post {ADMIN}/erasure/person/{{conversation}}/", {}),
    ("admin", "see that a person was deleted"): (f"get {ADMIN}/erasure/{{erasure}}/change/",),
    ("admin", "rename a Page"): (
        f"post {ADMIN}/page/{{page}}/change/",
        {"name": "New", "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0},
    ),
    ("admin", "add a member at the Page"): (
        f"post {ADMIN}/page/{{page}}/change/",
        {
            "name": "Shop",
            "members-TOTAL_FORMS": 1,
            "members-INITIAL_FORMS": 0,
            "members-0-page": "{page}",
            "members-0-user": "{newcomer}",
            "members-0-role": "viewer",
        },
    ),
    ("admin", "add a member at the user"): (
        "post /admin/auth/user/{newcomer}/change/",
        {
            "username": "newcomer{number}",
            "is_active": "on",
            "date_joined_0": "2024-05-17",
            "date_joined_1": "12:00",
            "page_memberships-TOTAL_FORMS": 1,
            "page_memberships-INITIAL_FORMS": 0,
            "page_memberships-0-page": "{page}",
            "page_memberships-0-user": "{newcomer}",
            "page_memberships-0-role": "viewer",
        },
    ),
    ("admin", "delete everything of a Page"): (f"post {ADMIN}/erasure/page/{{page}}/", {"name": "Shop"}),
    ("admin", "see users"): ("get /admin/auth/user/",),
    ("admin", "see API keys"): ("get /admin/accounts/apikey/",),
    ("admin", "see sign-ins"): ("get /admin/axes/accesslog/",),
    ("admin", "end an API key"): (
        "post /admin/accounts/apikey/",
        {"action": "end", "_selected_action": ["{key}"], "index": 0, "select_across": 0},
    ),
    ("admin", "change the password of a user"): (
        "post /admin/auth/user/{newcomer}/password/",
        {"password1": "a horse of 17 hands", "password2": "a horse of 17 hands", "usable_password": "true"},
    ),
    ("site", "create an own API key"): (
        "post /account/keys",
        {"action": "create", "name": "Report", "scope": "read"},
        "new key",
    ),
    ("site", "change the own password"): ("get /account/password", None, "Present password"),
    ("site", "set up a second factor"): ("get /account/second-factor", None, "QR code"),
    ("site", "see the own sessions"): ("get /account/sessions", None, "This session"),
    ("site", "log out everywhere"): ("post /account/sessions", {"action": "others"}),
    ("site", "confirm the password"): ("get /account/confirm", None, "Confirm"),
}
