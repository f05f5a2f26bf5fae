"""Answers in the shapes that bots use, and what each of them means.

Each is a channel, the kind, the seconds of the wait, and the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["LIMITED", "SAMPLES", "Sample"]

Sample = tuple[str, str, int | None, str]

SUMMARY = "<!-- This is an auto-generated comment: summarize by coderabbit.ai -->\n"
LIMITED = "<!-- This is an auto-generated comment: rate limited by coderabbit.ai -->\n"
REPLY = "<!-- This is an auto-generated reply by CodeRabbit -->\n"
RUNNING = "<!-- This is an auto-generated comment: review in progress by coderabbit.ai -->\n"
ALERT = "> [!WARNING]\n> ## Review limit reached\n> \n"
CODEX = "<!-- codex-pull-request-review-summary -->\n\n| Review | Status |\n| --- | --- |\n"

CODERABBIT: Sequence[Sample] = [
    # The four generations of the limit.
    ("edit", "limited", 1387,
     "> [!WARNING]\n> ## Rate limit exceeded\n> \n> @octocat has exceeded the limit for the number"
     " of commits that can be reviewed per hour. Please wait **23 minutes and 7 seconds** before"
     " requesting another review."),
    ("edit", "limited", 1000,
     f"{ALERT}> More reviews will be available in 16 minutes and 40 seconds. [Learn how]"
     "(https://docs.example/limits)."),
    ("edit", "limited", 7500,
     f"{ALERT}> `@octocat`, you've reached your PR review limit, so we couldn't start this"
     " review.\n> \n> **Next review available in:** **2 hours and 5 minutes**"),
    ("edit", "limited", 3600 + 60,
     f"{SUMMARY}{LIMITED}{ALERT}> **Next included review available in 1 hour and 1 minute.**"),
    ("edit", "limited", None, f"{SUMMARY}{LIMITED}{ALERT}<!-- recent_review_start -->"),
    ("edit", "limited", None, f"{ALERT}> Your organization has run out of usage credits."),
    ("edit", "limited", 41,
     f"{LIMITED}> [!WARNING]\n> ### ⏳ **Review limits reached!**\n> 50% off this week.\n> Next"
     " included review available in `41 seconds`."),
    ("edit", "limited", 600,
     f"{LIMITED}> [!WARNING]\n> ## Your reviews are used\n> The next review is available in 10"
     " min."),
    ("edit", "limited", 120,
     "Review limit reached. Next included review available in 2 minutes.\nNo actionable comments"
     " were generated in the recent review."),
    ("comment", "limited", None,
     f"{REPLY}<details>\n<summary>⚠️ Action not completed</summary>\n\nReview rate limited.\n\n"
     "> Note: CodeRabbit is an incremental review system and does not re-review already reviewed"
     " commits.\n\n</details>"),
    ("comment", "limited", 65,
     "Review rate limited. Your next included review will be available in 1 minute and 5 seconds."),
    ("comment", "limited", 2700,
     "> [!WARNING]\n> You have exceeded the free tier review allowance.\n>\n> **Next review"
     " available in:** **45 minutes**\n\nPlease note that CodeRabbit does not re-review commits."),
    ("status", "limited", None, "Review rate limited"),
    # A limit in words that nobody knows yet is not understood, and no review.
    ("edit", "not_understood", None,
     "> [!WARNING]\n> ## Reviews throttled\n> Back in 10 minutes.\n\n<!-- recent_review_start -->\n"
     "No actionable comments were generated in the recent review."),
    ("edit", "not_understood", None, f"{LIMITED}> [!WARNING]\n> ## The diff is too large"),
    ("comment", "not_understood", None, "Sorry @octocat, I cannot review this right now."),
    ("comment", "not_understood", None, "@octocat, reviews are unavailable on your plan."),
    ("review", "not_understood", None, "Next included review available in 5 minutes."),
    # What looks like a limit.
    ("edit", "skipped", None,
     f"{SUMMARY}{LIMITED}> [!IMPORTANT]\n> ## Review skipped\n> \n> Too many files!\n> \n> This PR"
     " has 152 files, which is 2 over the limit of 150."),
    ("edit", "reviewed", None,
     f"{SUMMARY}<!-- walkthrough_start -->\n## Walkthrough\nRate limit exceeded.\nPlease wait 3"
     " minutes.\n<!-- walkthrough_end -->\nReview rate limit: 0/1 reviews remaining, refill in 60"
     " minutes."),
    ("edit", "reviewed", None,
     "**Included review availability:** This review used your included allowance. 0 included"
     " reviews remain after this review."),
    ("review", "reviewed", None,
     "**Actionable comments posted: 1**\n\n> [!CAUTION]\n> Some comments are outside the diff and"
     " can’t be posted inline due to platform limitations."),
    ("review", "reviewed", None,
     "_⚠️ Potential issue_ | _🟠 Major_\n\n**The rate limit is not reset.**\n\n```py\n# Review limit"
     " reached\n```"),
    ("review", "reviewed", None, "Guard the index before the loop."),
    ("comment", "other", None, f"{REPLY}1/3 reviews remaining, refill in 12 minutes."),
    ("comment", "other", None, "Your allowance is 3 reviews per hour; 0 remain."),
    ("comment", "other", None,
     f"{REPLY}> [!WARNING]\n> ## Review limit reached\n> Next review available in 3 minutes.\n\n"
     "`@octocat` That notice is from yesterday."),
    ("comment", "other", None, f"{REPLY}<summary>✅ Actions performed</summary>\n\nReviews resumed."),
    ("comment", "other", None, f"{REPLY}✅ Action performed\n\nComments resolved."),
    ("comment", "other", None, "> Skipped: comment is from another GitHub bot."),
    # The rest.
    ("edit", "skipped", None, "> [!IMPORTANT]\n> ## Draft PR not reviewed\n> \n> Drafts are not."),
    ("comment", "skipped", None,
     f"{REPLY}⚠️ Action not completed\n\nAlready reviewed the last commit. Use `@coderabbitai full"
     " review` to rerun."),
    ("status", "skipped", None, "Review skipped: 201 files exceed the limit of 100"),
    ("edit", "paused", None,
     f"{SUMMARY}> [!NOTE]\n> ## Reviews paused\n> \n> This branch is under active development.\n\n"
     "No actionable comments were generated in the recent review."),
    ("edit", "failed", None,
     "> [!CAUTION]\n> ## Review failed\n> \n> The head commit changed during the review."),
    ("edit", "accepted", None,
     f"{RUNNING}> [!NOTE]\n> Currently processing new changes in this PR. This may take a few"
     " minutes, please wait...\n\n<!-- walkthrough_start -->\n## Walkthrough\nOld.\n\nNo actionable"
     " comments were generated in the recent review."),
    ("comment", "accepted", None, "<summary>✅ Action performed</summary>\n\nFull review finished."),
    ("comment", "accepted", None, "✅ Actions performed\n\nReview triggered."),
    ("status", "accepted", None, "Review in progress"),
    ("status", "reviewed", None, "Review completed"),
]  # fmt: skip

OTHERS: Mapping[str, Sequence[Sample]] = {
    "codex": [
        ("comment", "limited", None,
         "You have reached your Codex usage limits for code reviews. See the [dashboard]"
         "(https://codex.example)."),
        ("comment", "limited", None, "**You've hit your Codex usage limit for code reviews.**"),
        ("comment", "limited", 10800,
         "You have reached your Codex usage limits for code reviews. Try again in 3 hours."),
        ("comment", "not_understood", None, "Your Codex credits have run out."),
        ("comment", "not_understood", None, "Code review is unavailable: usage limit reached."),
        ("comment", "other", None,
         "You have reached your Codex usage limits for security reviews. Please try again later."),
        ("comment", "reviewed", None, "Codex Review: Didn't find any major issues. Bravo."),
        ("comment", "failed", None, "Codex Review: Something went wrong. Try again later."),
        ("review", "reviewed", None, "### 💡 Codex Review\n\nThe usage limit is read twice."),
        ("edit", "accepted", None, f"{CODEX}| 📝 **Code Review** | 🔄 **Running** | `abc` | opened |"),
        ("edit", "reviewed", None, f"{CODEX}| 📝 **Code Review** | ✅ **Completed** | `abc` | x |"),
        ("comment", "skipped", None, "To use Codex here, [create an environment](https://x.example)."),
        ("reaction", "accepted", None, "eyes"),
        ("reaction", "reviewed", None, "+1"),
        ("reaction", "other", None, "rocket"),
    ],
    "bugbot": [
        ("comment", "limited", None, "<h3>Bugbot couldn't run - usage limit reached</h3>"),
        ("comment", "limited", None, "### Bugbot couldn’t run — usage limit reached\nAsk an admin."),
        ("comment", "limited", None,
         "You have run out of free Bugbot PR reviews for this billing cycle. This will reset on May"
         " 3."),
        ("comment", "not_understood", None, "Bugbot is over its usage limit for this month"),
        ("comment", "not_understood", None, "Bugbot can't run: pay your bill."),
        ("review", "reviewed", None, "### Usage limit reached is never reset\n\n**High Severity**"),
        ("review", "reviewed", None,
         "<!-- BUGBOT_REVIEW -->\nCursor Bugbot has reviewed your changes and found 2 issues."),
        ("status", "reviewed", None, "**Final Result:** Bugbot completed review - no issues found!"),
        ("status", "accepted", None, "Bugbot Analysis Progress (3s elapsed)"),
        ("comment", "skipped", None, "Skipping Bugbot: Bugbot is disabled for this repository."),
        ("reaction", "accepted", None, "eyes"),
    ],
    "gemini": [
        ("comment", "limited", 86400,
         "> [!WARNING]\n> You have reached your daily quota limit. Please wait up to 24 hours and I"
         " will start again!"),
        ("comment", "limited", 43200,
         "You have exceeded your daily quota. Please wait up to **12 hours**."),
        ("comment", "limited", None, "> [!WARNING]\n> You have reached your weekly quota limit."),
        ("comment", "not_understood", None, "You have reached your weekly quota."),
        ("comment", "not_understood", None, "> [!WARNING]\n> Gemini is busy."),
        ("review", "reviewed", None, "## Code Review\n\nThis adds a daily quota limit."),
        ("comment", "accepted", None,
         "## Summary of Changes\n\nYou have reached your daily quota limit is shown now."),
        ("comment", "failed", None, "Gemini encountered an error creating the review."),
        ("comment", "skipped", None,
         "Gemini is unable to generate a review for this pull request due to the file types."),
        ("reaction", "accepted", None, "eyes"),
    ],
    "greptile": [
        ("review", "limited", None,
         "octo-org has reached the 50-credit limit for trial accounts. To continue, upgrade."),
        ("comment", "limited", None, "octocat has reached the 100-credit limit"),
        ("comment", "not_understood", None, "Your free trial has ended. Upgrade to continue."),
        ("review", "not_understood", None, "octocat has used all of their 50 credits."),
        ("review", "reviewed", None, "**logic:** the limit is reset twice"),
        ("review", "not_understood", None, "The handler has reached the 50-credit limit check twice."),
        ("status", "reviewed", None, "Greptile has reviewed the Pull Request.\n\n3 files reviewed."),
        ("comment", "reviewed", None, "<h3>Greptile Summary</h3>\n\nA change of limits."),
        ("reaction", "accepted", None, "eyes"),
        ("reaction", "reviewed", None, "+1"),
        ("reaction", "failed", None, "confused"),
        ("review", "other", None, " "),
    ],
    "sourcery": [
        ("review", "limited", None,
         "Sorry @octo-cat, you have reached your weekly rate limit of 250,000 diff characters."),
        ("review", "limited", None,
         "Sourcery has not reviewed this pull request because you have reached your weekly rate limit"
         " of 500000 diff characters."),
        ("review", "limited", None,
         "you have reached your daily rate limit of 100000 diff characters\n\nUpgrade."),
        ("review", "not_understood", None, "We've reached the review limit for your team."),
        ("review", "not_understood", None, "Sourcery is rate limited for this repository."),
        ("review", "not_understood", None, "You have used up this week's reviews."),
        ("review", "skipped", None,
         "Sourcery was unable to review this pull request because your pull request is larger than"
         " the review limit of 150000 characters."),
        ("review", "reviewed", None, "Hey - I've found 1 issue:\n\n## The rate limit"),
        ("review", "reviewed", None, "**suggestion:** name the limit"),
        ("comment", "other", None,
         "## Reviewer's Guide\n\nSorry, you have reached your weekly rate limit of 5 diff characters."),
        ("reaction", "accepted", None, "eyes"),
    ],
    "qodo": [
        ("comment", "reviewed", None, "## Code Review by Qodo\n\n🐞 Bugs (1)"),
        ("comment", "reviewed", None, "## PR Reviewer Guide 🔍\n\nHere are some key observations."),
        ("review", "reviewed", None, "Rename this variable."),
        ("comment", "accepted", None, "Preparing review..."),
        ("comment", "other", None, "## PR Summary by Qodo\n\nAdds: rate limit exceeded."),
        ("comment", "other", None, "### **PR Type**\nEnhancement"),
        ("comment", "other", None, "Thanks!"),
        ("comment", "not_understood", None, "Your trial has expired. Upgrade to go on."),
        ("comment", "not_understood", None, "You have used all of your 75 free reviews this month"),
        ("comment", "not_understood", None, "Qodo free tier monthly limit exceeded."),
        ("reaction", "accepted", None, "eyes"),
    ],
    "claude": [
        ("status", "limited", None, "You've hit your weekly limit · resets Sep 2, 2am (UTC)"),
        ("comment", "limited", None, "You've reached your session limit."),
        ("comment", "not_understood", None, "Claude AI usage limit reached|1760000000"),
        ("comment", "not_understood", None, "Credit balance is too low"),
        ("comment", "not_understood", None, "API Error: 429 rate_limit_error"),
        ("edit", "reviewed", None, "**Claude finished @octocat's task** —— [View job](https://x.example)"),
        ("edit", "failed", None, "Claude encountered an error after 12s."),
        ("comment", "accepted", None, "Claude Code is working… <img src='x.gif'>"),
        ("status", "skipped", None, "Workflow initiated by non-human actor: x (type: Bot)."),
        ("comment", "other", None, "Deployed to staging."),
        ("review", "other", None, "Coverage is 91 %."),
    ],
}  # fmt: skip

SAMPLES: Mapping[str, Sequence[Sample]] = {"coderabbit": CODERABBIT, **OTHERS}
"""The answers of each reviewer."""
