"""The files of attachments: read from Facebook when a screen shows them, or kept where that is wanted."""
