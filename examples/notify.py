#!/usr/bin/env python3
"""Show a notification on the desktop for each comment that comenq has posted, or could not post.

In the configuration of your own daemon:

    on_posted = "/path/to/notify.py"
    on_failed = "/path/to/notify.py"
"""

import html
import json
import os
import sys

job = json.load(sys.stdin)
is_posted = job["state"] == "posted"
text = job["url"] if is_posted else job["error"]
os.execvp(
    "notify-send",
    [
        "notify-send",
        "--app-name=comenq",
        f"--urgency={'normal' if is_posted else 'critical'}",
        "--",
        f"{job['owner']}/{job['repo']}#{job['pr_number']} {job['state']}",
        # The text of a notification may have markup, and GitHub's words are no markup.
        html.escape(text, quote=False),
    ],
)
