"""What secrets look like by themselves: keys and tokens that their issuers give a shape, and key blocks.

The shapes are facts that the issuers document, most so that secrets can be found:
GitHub, GitLab, Slack, AWS, Google, Stripe, OpenAI, Anthropic, Hugging Face and so
on, each named at its shape below; JWT is RFC 7519, the key block RFC 7468.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["HINT", "KEY_BLOCK", "SHAPE", "SHAPES"]

#: The shapes, by issuer: a regular expression of what follows no letter or digit.
SHAPES: Final[dict[str, str]] = {
    # RFC 7519 and RFC 7516: base64url of a JSON header, which begins with {" and so with eyJ
    "JWT": r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+){0,2}",
    # docs.github.com, "About authentication to GitHub": token formats
    "GitHub": r"gh[pousr]_[A-Za-z0-9_]{30,255}|github_pat_[A-Za-z0-9_]{36,255}",
    # docs.gitlab.com, "Token overview": token prefixes
    "GitLab": (
        r"gl(?:pat|oas|dt|rtr?|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[A-Za-z0-9_.=-]{20,300}"
        r"|GR1348941[A-Za-z0-9_-]{20,}"
    ),
    # developer.atlassian.com: API tokens of Atlassian accounts, app passwords of Bitbucket
    "Atlassian": r"ATATT3[A-Za-z0-9_=-]{50,}|ATBB[A-Za-z0-9]{24,}",
    # docs.aws.amazon.com, IAM "Unique identifiers": access keys (AKIA) and temporary ones (ASIA)
    "AWS": r"A(?:KIA|SIA)[A-Z2-7]{16}(?![A-Za-z0-9])|A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    # cloud.google.com: API keys, OAuth access tokens and client secrets
    "Google": r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{24,}",
    # learn.microsoft.com: client secrets of Entra ID
    "Azure": r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])",
    # docs.digitalocean.com; fly.io/docs; devcenter.heroku.com
    "DigitalOcean": r"do[opr]_v1_[a-f0-9]{64}",
    "Heroku": r"HRKU-[A-Za-z0-9_-]{36,}",
    # developer.hashicorp.com: Vault's and HCP Terraform's tokens
    "HashiCorp": r"hv[sbr]\.[A-Za-z0-9_-]{24,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}",
    # docs.databricks.com; docs.snowflake.com; planetscale.com/docs; supabase.com/docs
    "Databricks": r"dapi[a-f0-9]{32}(?:-\d)?(?![A-Za-z0-9])",
    "PlanetScale": r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}",
    "Supabase": r"sbp_[a-f0-9]{40}(?![a-f0-9])|sb_secret_[A-Za-z0-9_-]{20,}",
    # api.slack.com/authentication/token-types, and its and Discord's incoming webhooks
    "Slack": r"xox[abceoprs](?:\.xox[bp])?-(?=[A-Za-z-]{0,40}\d)[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}",
    "webhook": (
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}"
        r"|[a-z0-9-]{1,60}\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]{20,}"
        r"|(?:discord|discordapp)\.com/api/webhooks/\d{5,}/[A-Za-z0-9_-]{30,}"
    ),
    # core.telegram.org/bots for its tokens, discord.com/developers for theirs
    "Telegram": r"\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
    "Discord": r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_-])",
    # docs.stripe.com/keys, developer.squareup.com and shopify.dev, each for its own
    "Stripe": r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{24,}",
    "Square": r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,}",
    "Shopify": r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    # platform.openai.com, docs.anthropic.com and those that follow them: keys that begin with sk-
    "OpenAI": r"sk-[A-Za-z0-9]{20,}|sk-(?:proj|svcacct|admin|ant|or|lf)-[A-Za-z0-9_-]{20,}",
    # huggingface.co/docs; console.groq.com; replicate.com; docs.perplexity.ai; docs.x.ai
    "models": (
        r"hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{37,}|pplx-[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{60,}"
    ),
    # docs.npmjs.com; docs.pypi.org; guides.rubygems.org; docs.docker.com
    "packages": (
        r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])|pypi-AgE[A-Za-z0-9_-]{40,}|rubygems_[a-f0-9]{48}"
        r"|dckr_(?:pat|oat)_[A-Za-z0-9_-]{24,}"
    ),
    # www.twilio.com/docs for SendGrid, documentation.mailgun.com and mailchimp.com/developer for theirs
    "mail": (
        r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}|key-[a-f0-9]{32}(?![A-Za-z0-9])|[a-f0-9]{32}-us\d{1,2}"
        r"(?![A-Za-z0-9])|xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"
    ),
    # grafana.com/docs; docs.newrelic.com; docs.dynatrace.com; docs.sentry.io; posthog.com/docs
    "monitoring": (
        r"glsa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}|glc_eyJ[A-Za-z0-9+/=_-]{28,}|NRAK-[A-Z0-9]{27}|dt0[cs]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}"
        r"|sntrys_eyJ[A-Za-z0-9+/=_-]{40,}|sntryu_[a-f0-9]{64}|phx_[A-Za-z0-9]{40,}"
    ),
    # linear.app; developers.notion.com; www.figma.com/developers; learning.postman.com; airtable.com/developers
    "offices": (
        r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"
        r"|fig[dour]_[A-Za-z0-9_-]{36,}|PMAK-[a-f0-9]{24}-[a-f0-9]{34}|pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"
    ),
    # developers.facebook.com; plaid.com/docs; www.contentful.com/developers; docs.mapbox.com; goshippo.com/docs
    "applications": (
        r"EAA[A-Za-z0-9]{30,}|access-(?:sandbox|development|production)-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"
        r"|CFPAT-[A-Za-z0-9_-]{43}|sk\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}|shippo_(?:live|test)_[a-f0-9]{40}"
    ),
    # fly.io/docs; www.pulumi.com/docs; docs.prefect.io; sourcegraph.com/docs; docs.readme.com; huggingface.co/docs
    "builders": (
        r"fm[12][ar]?_[A-Za-z0-9+/=]{60,}|pul-[a-f0-9]{40}(?![a-f0-9])|pnu_[A-Za-z0-9]{36}(?![A-Za-z0-9])"
        r"|sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}|rdme_[a-z0-9]{70}|api_org_[A-Za-z]{34}(?![A-Za-z])"
    ),
    # tailscale.com/kb; docs.netlify.com; docs.doppler.com; age-encryption.org
    "others": (
        r"tskey-[a-z]+-[A-Za-z0-9-]{16,}|nfp_[A-Za-z0-9]{36,}|dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,}"
        r"|AGE-SECRET-KEY-1[A-Z0-9]{58}"
    ),
}

# RFC 7468; without an end where the text was cut short.
_KEY_BLOCK: Final = (
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]|-(?!----END))*+(?:-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?"
)

#: Any of the shapes.
SHAPE: Final = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(SHAPES.values())})|{_KEY_BLOCK}")

#: A key block alone, which may span many lines.
KEY_BLOCK: Final = re.compile(_KEY_BLOCK)

#: Found in every text that holds a shape, and in few others. Each branch begins with one letter or sign, because
#: `re` then runs to the next of those as fast as it can; what comes before that sign is asked for by looking back.
HINT: Final = re.compile(
    r"_(?:(?=[A-Za-z0-9]{10})|(?<=pat_)|(?<=tkn_)|(?<=_pw_)|(?<=auth_)|(?<=gh[pousr]_)|(?<=fig[dour]_)|(?<=whsec_)|(?<=oat_)|(?<=cret_)"
    r"|(?<=fm[12]_)|(?<=fm[12][ar]_)|(?=local_))"
    r"|-(?:(?=[A-Za-z0-9]{10})|(?<=gl[a-z]{2}-)|(?<=gl[a-z]{3}-)|(?<=gl[a-z]{4}-)|(?<=glagent-)|(?<=OCSPX-)|(?<=HRKU-)"
    r"|(?<=xox[a-z]-)|(?<=xapp-)|(?<=sq0[a-z]{3}-)|(?<=sk-)|(?<=pypi-)|(?<=key-)|(?<=NRAK-)|(?<=CFPAT-)|(?<=ess-)(?=[sdp])|(?<=PMAK-)"
    r"|(?<=[a-f0-9]{32}-)(?=us)|(?=----BEGIN))"
    r"|\.(?:(?<=ya29\.)|(?<=hv[sbr]\.)|(?<=SG\.)|(?<=dt0[cs]\d\d\.)|(?<=dp\.)|(?<=[A-Za-z0-9]{14}\.)(?=atlasv1)"
    r"|(?<=[A-Za-z0-9]{14}\.)(?=[a-f0-9]{64})|(?<=hooks\.)(?=slack)|(?=com/api/web)|(?=office\.com/webhook)|(?<=[A-Za-z0-9_-]{24}\.))"
    r"|:(?<=\d{8}:)"
    r"|J(?<=eyJ)|I(?<=A[KS]I)|z(?<=AIz)|~(?<=\dQ~)|G(?=R1348941)|3(?<=ATATT3)|B(?<=ATBB)"
    r"|E(?=AA[A-Za-z0-9]{30})|p(?<=dap)(?=i[a-f0-9]{32})"
)
