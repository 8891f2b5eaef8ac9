"""API keys, told by the shapes that their issuers give them so that they can be found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.privacy.candidates import Candidate, LazyPattern, Range, any_of

_SHAPES: Final = (
    r"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}",  # Amazon Web Services
    r"gh[pousr]_[A-Za-z0-9]{30,}",  # GitHub
    r"github_pat_\w{22,}",  # GitHub
    r"gl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent)-[\w-]{20,}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-\d-[A-Za-z0-9-]{10,}",  # Slack
    r"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}",  # Slack
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"whsec_[A-Za-z0-9+/]{24,}",  # Stripe
    r"AIza[\w-]{35}",  # Google
    r"ya29\.[\w-]{20,}",  # Google
    r"GOCSPX-[\w-]{20,}",  # Google
    r"sk-(?:ant-|proj-|svcacct-|admin-|or-v1-)?[\w-]{20,}",  # OpenAI, Anthropic, OpenRouter
    r"npm_[A-Za-z0-9]{36}",  # npm
    r"pypi-AgE[\w-]{20,}",  # PyPI
    r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    r"SK[0-9a-f]{32}",  # Twilio
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",  # Shopify
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"do[opr]_v1_[0-9a-f]{64}",  # DigitalOcean
    r"hv[sbr]\.[\w-]{20,}",  # Vault
    r"\d{8,10}:AA[\w-]{33}",  # Telegram
    r"AccountKey=[A-Za-z0-9+/]{40,}={0,2}",  # Azure
    r"gls?a?c?_[A-Za-z0-9]{32,}(?:_[0-9a-f]{8})?",  # Grafana
    r"NRA[KL]-[A-Z0-9]{27}",  # New Relic
    r"NRII-[\w-]{32}",  # New Relic
    r"sq0(?:atp|csp|idp)-[\w-]{22,}",  # Square
    r"EAAA[\w-]{60}",  # Square
    r"key-[0-9a-f]{32}",  # Mailgun
    r"dapi[0-9a-f]{32}",  # Databricks
    r"lin_api_[A-Za-z0-9]{40}",  # Linear
    r"ntn_[A-Za-z0-9]{40,}",  # Notion
    r"figd_[\w-]{40}",  # Figma
    r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",  # Postman
    r"dp\.(?:pt|st|ct)\.[\w.-]{40,}",  # Doppler
    r"[MNO][A-Za-z\d]{23,25}\.[\w-]{6}\.[\w-]{27,}",  # Discord
    r"ATATT3x[\w=-]{50,}",  # Atlassian
    r"dckr_pat_[\w-]{20,}",  # Docker
    r"sbp_[0-9a-f]{40}",  # Supabase
    r"pscale_(?:tkn|pw|oauth)_[\w.-]{32,}",  # PlanetScale
    r"sntry[su]_[\w=.-]{40,}",  # Sentry
    r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",  # Airtable
    r"gsk_[A-Za-z0-9]{40,}",  # Groq
    r"r8_[A-Za-z0-9]{37}",  # Replicate
    r"xai-[A-Za-z0-9]{60,}",  # xAI
    r"pplx-[A-Za-z0-9]{40,}",  # Perplexity
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",  # age
    r"rzp_(?:live|test)_[A-Za-z0-9]{14}",  # Razorpay
    r"AKCp[A-Za-z0-9]{60,}",  # Artifactory
    r"tskey-[\w-]{20,}",  # Tailscale
    r"AC[0-9a-f]{32}:[0-9a-f]{32}",  # Twilio
    r"eyJrIjoi[A-Za-z0-9+/=]{40,}",  # Grafana
    r"A3T[A-Z0-9]{17}",  # Amazon Web Services
    r"FlyV1 fm\d_[\w+/=,-]{40,}",  # Fly
)
API_KEY: Final = any_of(_SHAPES)
API_KEY_TRIGGER: Final = (
    r"A(?:KI|SI|BI|CC)A[A-Z0-9]|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent)-|xox[abeoprs]-|xapp-|hooks\.slack"
    r"|[sr]k_(?:live|test)_|whsec_|AIza|ya29\.|GOCSPX-|sk-|npm_|pypi-A|SG\.|SK[0-9a-f]{4}|shp(?:at|ca|pa|ss)_|hf_|do[opr]_v1_"
    r"|hv[sbr]\.|:AA|AccountKey=|gls?a?c?_|NR(?:A[KL]|II)-|sq0(?:atp|csp|idp)-|EAAA|key-[0-9a-f]{4}|dapi[0-9a-f]{4}|lin_api_|ntn_"
    r"|figd_|PMAK-|dp\.(?:pt|st|ct)\.|[MNO][A-Za-z\d]+\.[\w-]+\.[\w-]{8}|ATATT3x|dckr_pat_|sbp_|pscale_|sntry[su]_|pat[A-Za-z0-9]+\."
    r"|gsk_|r8_|xai-|pplx-|AGE-SECRET|rzp_|AKCp|tskey-|AC[0-9a-f]{4}|eyJrIjoi|A3T[A-Z0-9]|FlyV1"
)
_VAGUE: Final = LazyPattern(r"sk-(?!ant-|proj-|svcacct-|admin-)|hf_|key-")


def api_keys(found: Candidate) -> Iterator[Range]:
    """Return the API key at a candidate, told by the shape that its issuer gives it."""
    text, start, end = found.text, found.start, found.end
    before, value = text[max(0, start - 1) : start], text[start:end]
    if before.isalnum() or (before == "-" and value.startswith(("key-", "sk-"))):
        return
    body = re.split(r"[-_.:=]", value, maxsplit=1)[-1]
    if len(set(body)) < 6 or re.search(r"x{6}|X{6}|redacted", body, re.I):
        return
    if _VAGUE.regex.match(value) and not (re.search(r"\d", body) or re.search(r"[a-z][A-Z]", body)):
        return
    if value.startswith("sk-") and re.fullmatch(r"(?:[a-z]+[-_]?|v?\d{1,4}[-_]?)+", value[3:]) and "-" in value[3:]:
        return
    yield start, end
