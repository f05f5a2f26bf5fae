#!/bin/sh
# Queue a comment without talking to a daemon: move a file into the spool.
#
#   drop.sh SPOOL OWNER REPO NUMBER < comment
#
# SPOOL is the daemon's queue_path. It needs jq, which makes JSON of any text.
set -eu

spool=$1 owner=$2 repo=$3 number=$4

# The daemon leaves a name that begins with a dot alone, and the rename shows it the whole file.
draft=$(mktemp "$spool/new/.XXXXXXXXXX")
trap 'rm -f "$draft"' EXIT
jq --raw-input --slurp --arg owner "$owner" --arg repo "$repo" --argjson number "$number" \
    '{owner: $owner, repo: $repo, pr_number: $number, body: .}' > "$draft"
# The spool's group may be all that the daemon and you have in common.
chmod 640 "$draft"
mv "$draft" "$spool/new/${draft##*/.}.json"
