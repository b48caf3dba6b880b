"""Secrets and what looks like them, made up at run time so that no scanner finds one in this file."""

from __future__ import annotations

import base64
import json
import random
import string

_chance = random.Random(20)
_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + "234567"
_URL_SAFE = _ALNUM + "-_"


def _random(length, letters=_ALNUM):
    """Random letters, in the middle of which stands a digit and a capital."""
    text = "".join(_chance.choice(letters) for _ in range(length))
    return text if letters in (_HEX, _UPPER) else f"{text[:3]}7K{text[5:]}"


def _segment(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def jwt():
    return ".".join([_segment({"alg": "HS256", "typ": "JWT"}), _segment({"sub": _random(8)}), _random(43, _URL_SAFE)])


def key_block(kind=""):
    lines = "\n".join(_random(64) for _ in range(4))
    dashes = "-" * 5
    return f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}\n{lines}\n{dashes}END {kind}PRIVATE KEY{dashes}"


def provider_keys():
    """A key of each shape that an issuer documents, by issuer."""
    r = _random
    return {
        "github-personal": "ghp" + "_" + r(36),
        "github-oauth": "gho" + "_" + r(36),
        "github-user": "ghu" + "_" + r(36),
        "github-server": "ghs" + "_" + r(36),
        "github-refresh": "ghr" + "_" + r(76),
        "github-fine": "github" + "_pat_" + r(22) + "_" + r(59),
        "gitlab-personal": "glpat" + "-" + r(20, _URL_SAFE),
        "gitlab-deploy": "gldt" + "-" + r(20),
        "gitlab-runner": "glrt" + "-" + r(20, _URL_SAFE),
        "gitlab-job": "glcbt" + "-64_" + r(20),
        "gitlab-trigger": "glptt" + "-" + r(40, _HEX),
        "atlassian": "ATATT" + "3xFfGF0" + r(180, _URL_SAFE),
        "bitbucket": "ATBB" + r(32),
        "aws": "AKIA" + r(16, _UPPER),
        "aws-temporary": "ASIA" + r(16, _UPPER),
        "google-api": "AIza" + r(35, _URL_SAFE),
        "google-oauth": "ya29" + ".a0" + r(120, _URL_SAFE),
        "google-client": "GOCSPX" + "-" + r(28, _URL_SAFE),
        "azure-client": "x7E8" + "Q~" + r(34),
        "digitalocean": "dop" + "_v1_" + r(64, _HEX),
        "heroku": "HRKU" + "-" + r(58),
        "vault": "hvs" + "." + r(90, _URL_SAFE),
        "terraform": r(14) + ".atlas" + "v1." + r(67),
        "databricks": "dapi" + r(32, _HEX),
        "planetscale": "pscale" + "_tkn_" + r(43, _URL_SAFE),
        "supabase": "sbp" + "_" + r(40, _HEX),
        "slack-bot": "xoxb" + "-" + r(12, string.digits) + "-" + r(12, string.digits) + "-" + r(24),
        "slack-user": "xoxp" + "-" + r(12, string.digits) + "-" + r(32, _HEX),
        "slack-app": "xapp" + "-1-A" + r(10) + "-" + r(13, string.digits) + "-" + r(64, _HEX),
        "slack-hook": "https://hooks.slack" + ".com/services/T" + r(8) + "/B" + r(8) + "/" + r(24),
        "discord-hook": "https://discord.com/api" + "/webhooks/" + "8" * 18 + "/" + r(68, _URL_SAFE),
        "discord-bot": "M" + r(23) + "." + r(6) + "." + r(27, _URL_SAFE),
        "telegram": "123456789" + ":AA" + r(33, _URL_SAFE),
        "stripe-live": "sk" + "_live_" + r(24),
        "stripe-test": "sk" + "_test_" + r(24),
        "stripe-restricted": "rk" + "_live_" + r(99),
        "stripe-webhook": "whsec" + "_" + r(32),
        "square": "sq0atp" + "-" + r(22, _URL_SAFE),
        "shopify": "shpat" + "_" + r(32, _HEX),
        "openai-old": "sk" + "-" + r(48),
        "openai-project": "sk" + "-proj-" + r(120, _URL_SAFE),
        "anthropic": "sk" + "-ant-api03-" + r(93, _URL_SAFE) + "AA",
        "openrouter": "sk" + "-or-v1-" + r(64, _HEX),
        "deepseek": "sk" + "-" + r(32, _HEX),
        "huggingface": "hf" + "_" + r(34),
        "groq": "gsk" + "_" + r(52),
        "replicate": "r8" + "_" + r(37),
        "perplexity": "pplx" + "-" + r(48),
        "npm": "npm" + "_" + r(36),
        "pypi": "pypi" + "-AgEIcHlwaS5vcmc" + r(70, _URL_SAFE),
        "rubygems": "rubygems" + "_" + r(48, _HEX),
        "docker": "dckr" + "_pat_" + r(27, _URL_SAFE),
        "sendgrid": "SG" + "." + r(22, _URL_SAFE) + "." + r(43, _URL_SAFE),
        "mailgun": "key" + "-" + r(32, _HEX),
        "mailchimp": r(32, _HEX) + "-us" + "12",
        "grafana": "glsa" + "_" + r(32) + "_" + r(8, _HEX),
        "newrelic": "NRAK" + "-" + r(27, string.ascii_uppercase),
        "sentry": "sntryu" + "_" + r(64, _HEX),
        "linear": "lin" + "_api_" + r(40),
        "notion": "ntn" + "_" + r(46),
        "figma": "figd" + "_" + r(40, _URL_SAFE),
        "postman": "PMAK" + "-" + r(24, _HEX) + "-" + r(34, _HEX),
        "tailscale": "tskey" + "-auth-" + r(12) + "-" + r(32),
        "netlify": "nfp" + "_" + r(40),
        "doppler": "dp" + ".pt." + r(43),
        "age": "AGE" + "-SECRET-KEY-1" + r(58, string.ascii_uppercase),
        "jwt": jwt(),
        "key-rsa": key_block("RSA "),
        "key-openssh": key_block("OPENSSH "),
        "key-ec": key_block("EC "),
        "key-plain": key_block(),
    }


SECRET_NAMES = """
    password passwd pwd Password PASSWORD db_password DB_PASSWORD dbPassword DbPassword db-password db.password
    PGPASSWORD mysql_pwd user_password new_password password2 password_confirmation passphrase ssh_passphrase passcode
    secret SECRET secrets client_secret clientSecret client-secret app_secret SECRET_KEY secret_key secretKey
    aws_secret_access_key awsSecretAccessKey AWS_SECRET_ACCESS_KEY webhook_secret jwt_secret shared_secret
    token TOKEN access_token accessToken refresh_token refreshToken auth_token authToken x-auth-token X-Auth-Token
    id_token csrf_token csrfmiddlewaretoken xsrf_token bot_token GITHUB_TOKEN HF_TOKEN session_token sessionToken
    AWS_SESSION_TOKEN X-Amz-Security-Token api_token apiToken bearer_token device_token oauth_token access_tokens
    api_key apiKey apikey API_KEY APIKey x-api-key X-Api-Key XApiKey OPENAI_API_KEY stripe.api.key api_keys
    private_key privateKey private-key PRIVATE_KEY ssh_private_key signing_key encryption_key encryptionKey master_key
    account_key AccountKey access_key service_account_key session_key wallet_key hmac_key
    authorization Authorization AUTHORIZATION Proxy-Authorization proxy_authorization http_authorization auth basic_auth
    auth_header cookie Cookie cookies set-cookie Set-Cookie session_cookie sessionCookie cookie_value
    credentials credential creds db_credentials jwt otp totp cvv seed_phrase recovery_codes connection_string
    smtp_pass db_pass password_reset_token verification_code bearer psk
""".split()

SAFE_NAMES = """
    token_count tokenCount tokens max_tokens maxTokens prompt_tokens completion_tokens total_tokens tokens_used
    input_tokens output_tokens tokens_per_second tokens_total tokenizer tokenizer_name tokenized token_type token_limit
    token_budget token_usage token_ids eos_token bos_token pad_token stop_token next_page_token nextPageToken page_token
    continuation_token first_token_ms time_to_first_token mean_token_length token_bucket token_symbol token_price
    token_expires_at token_expiry token_valid secretary secretariat secret_santa secret_name is_secret
    cookie_count cookies_accepted cookie_banner cookie_domain cookie_consent cookie_policy cookiecutter
    password_length password_policy password_strength password_changed_at password_reset_url password_required
    has_password hasPassword is_password_valid needs_password passport passport_country passed passing bypass compass
    passenger passive passes pass_rate surpass author authors author_id author_name authority authenticated
    authentication_method auth_method auth_type auth_provider auth_url authorized unauthorized authorization_url
    authorization_endpoint oauth oauth_provider key keys key_id keyboard keyword keywords primary_key foreign_key
    cache_key sort_key partition_key object_key public_key public_key_token hotkey monkey turkey key_count
    api_key_id api_key_name access_key_id private_key_path private_key_id credential_type credentials_file
    credential_helper approval_signature signature session_id sessionId session session_duration code status_code
    error_code exit_code country_code zip_code qr_code barcode codec decoder encoding connection connections conn_id
    permission_level granted_by agent_id justification confidence screenshot_hash annotated_path stack_trace
    jwt_issuer jwt_algorithm bearer_count otp_attempts csrf_enabled no_password
""".split()

_SHORT_SECRETS = [
    "hunter2",
    "s3cr3t!",
    "correct-horse-battery-9",
    "Tr0ub4dor&3",
    "pässwört9",
    "p@ss:w0rd",
    "0xDEADBEEF99",
]


def named_secrets():
    """(name, secret): values that are secrets by their names only."""
    return [(name, f"{_SHORT_SECRETS[number % 7]}{number}") for number, name in enumerate(SECRET_NAMES)]


def safe_fields():
    """(name, value): what stands under names that only look like those of secrets."""
    values = [
        "17",
        "0102 said so",
        "gemma_dead_code_detection",
        "sha256:5f2b",
        "en-US",
        "/etc/keys/x.pem",
        "none given",
    ]
    return [(name, values[number % 7]) for number, name in enumerate(SAFE_NAMES)]


def secret_texts():
    """(text, secret): messages, lines of tracebacks, headers, URLs and configuration with a secret in them."""
    found = [(f"using {key} from now on", key) for key in provider_keys().values()]
    found += [(key, key) for key in provider_keys().values()]
    s = [f"Zq9{_random(14)}" for _ in range(80)]
    basic = base64.b64encode(f"bob:{s[0]}".encode()).decode()
    forms = [
        "password=%s", "password = '%s'", 'password: "%s"', "login with password=%s failed", "Password:%s",
        "--password %s --user bob",
        "--token=%s", "-Dapp.password=%s", "export API_KEY=%s", "set TOKEN=%s&& run",
        "PASSWORD='%s' psql", "DB_PASSWORD=%s DB_USER=bob", "connecting (user=bob, password=%s)", "{'token': '%s'}",
        '{"api_key": "%s", "n": 1}', "{'user': 'bob', 'password': '%s'}",
        '{\\"secret\\": \\"%s\\"}', "Creds(token='%s')",
        "Authorization: Bearer %s", "authorization: bearer %s", "'Authorization': 'Bearer %s'",
        "Bearer %s",
        "curl -H 'Authorization: Bearer %s' https://api.example.com", "Authorization: token %s", "X-Api-Key: %s",
        "x-auth-token=%s", "Cookie: session=%s; theme=dark", "Set-Cookie: sid=%s; Path=/; HttpOnly",
        "cookie: a=1; b=%s",
        "https://bob:%s@example.com/x?y=1", "postgres://bob:%s@db:5432/app", "redis://:%s@cache:6379/0",
        "mongodb+srv://admin:%s@cluster0.example.net/db", "amqp://guest:%s@mq//", "git clone https://bob:%s@git.example/x",
        "https://x.example/cb?access_token=%s&state=1", "GET /v1/me?api_key=%s HTTP/1.1", "?token=%s",
        "Server=db;User Id=sa;Password=%s;Encrypt=yes", "AccountName=x;AccountKey=%s==;EndpointSuffix=y",
        "<password>%s</password>", '<entry name="x"><apiKey>%s</apiKey></entry>', "ALTER ROLE bob PASSWORD '%s'",
        "CREATE USER bob IDENTIFIED BY '%s'", 'client_secret => "%s"', 'secret := "%s"', "password=b'%s'",
        "ValueError: bad token: %s", "KeyError in {'password': '%s'}", '    client = Client(api_key="%s")',
        "aws_secret_access_key = %s", "aws_session_token=%s", "passphrase: %s", "client_secret=%s&grant_type=code",
        "os.environ['DB_PASSWORD'] = '%s'", "config.db.password=%s", "private_key=%s", "refresh_token=%s",
        "X-Amz-Security-Token=%s", "jwt: %s", "user=bob&pwd=%s", "otp=%s", '"set-cookie": "sid=%s"',
        "token=%s, retrying", "[token=%s]", "(token: %s)", "token is bad; token=%s.", "auth=%s", "smtp_pass=%s",
    ]  # fmt: skip
    found += [(form % secret, secret) for form, secret in zip(forms, s, strict=False)]
    found += [
        (f"Authorization: Basic {basic}", basic),
        (f"proxy-authorization: basic {basic}", basic),
        (f"Basic {basic}", basic),
    ]
    return found


def safe_texts():
    """Messages, lines of tracebacks, URLs, identifiers and prose without a secret that look as if they had one."""
    r = _random
    uuid = "550e8400-e29b-41d4-a716-446655440000"
    texts = """
        token: expired|invalid token: not found|token=None|password: required|password is missing|wrong password
        password = os.environ["DB_PASSWORD"]|token = get_token(user)|self.token = token|api_key=api_key
        password=settings.password|token=args.token|def login(user: str, password: str) -> None:
        token: Optional[str] = None|if token == "abc": return|password=%s|token=%(token)s|api_key={api_key}
        Authorization: Bearer {token}|password=$DB_PASSWORD|password: ${DB_PASSWORD}|password=******|token=<token>
        password=[redacted]|bearer of bad news|the bearer has arrived|basic understanding of it|Basic authentication
        Bearer authentication is required|token_count=512|max_tokens: 4096|tokens: 17, cost: 3|total_tokens=99
        prompt_tokens=12 completion_tokens=34|tokens_per_second: 48.5|token_type=bearer|expires_in=3600
        secretary: Ana|cookie_count: 3|password_length=12|has_password: yes|session_id=abc-123|author: Ana
        https://example.com/path?x=1&y=2|https://example.com:8080/@scope/pkg|http://localhost:8000/users/@me
        git@github.com:org/repo.git|ssh://git@github.com/org/repo|mailto:ana@example.com|user@example.com
        postgres://db:5432/app|redis://cache:6379/0|https://user@example.com/x|s3://bucket/key=value/part.parquet
        C:\\keys\\token.txt|/etc/ssl/private/key.pem|/home/ana/.ssh/id_ed25519.pub|tests/test_password.py:12: in check
        PWD=/home/ana/project|OLDPWD=/tmp|File "/srv/app/auth/token.py", line 12, in refresh_token
        jwt.exceptions.InvalidTokenError: Signature verification failed|botocore.exceptions.NoCredentialsError: none
        SyntaxError: Unexpected token < in JSON|Unexpected token: }|KeyError: 'password'|AttributeError: token
        AssertionError: password must not be empty|ValueError: secret is not set|token::parse|std::token::Type
        secret://vault/path|key=value|primary_key=id|foreign_key: user_id|cache_key=user:17|sort_key: date
        Content-Type: application/json|Accept: text/html|X-Request-Id: abc-123|ETag: "33a64df5"|status: ok
        npm_config_registry|npm_lifecycle_event|hf_hub_download|sk-learn|sk_test_mode|ghp_ is a prefix|glpat- begins it
        AKIA is a prefix|AIzawa|eyJ begins a JWT|xoxo-hugs-and-kisses|SG.1.2|pypi-server|pat on the back|key-value store
        gpt-4o-mini-2024-07-18|claude-sonnet-4-5-20250929|text-embedding-3-large|Qwen2.5-Coder-32B-Instruct-GGUF
        dQw4w9WgXcQ|UC_x5XG1OV2P6uZZ5FSM9Ttw|agent-7|gemma_dead_code_detection|WSP_77_agent_coordination
        2025-10-21T19:06:40.230459+00:00|12:30:45|10.0.0.1:8080|::1|v1.2.3-rc.1+build.5|0x7fffffffffffffff
        87 of 100 detections confirmed|tokenizing 512 tokens took 5 ms|the passenger passed the passport control
        cookies are delicious|the secret of success is work|a key insight: test first|authentication succeeded
        code: 200|error_code=E1234|exit code: 1|zip_code: 12345|pass: 12, fail: 3|monkey: see, monkey: do
        api_key_id=17|credentials_file: /etc/x|auth_method: oauth2|oauth: enabled|authorization_url: /oauth
    """
    found = [text for line in texts.strip().split("\n") for text in line.strip().split("|")]
    found += [r(length, _HEX) for length in (7, 12, 32, 40, 64, 128)]
    found += [f"{name}:{r(length, _HEX)}" for name, length in (("sha256", 64), ("md5", 32), ("sha1", 40), ("git", 40))]
    found += [
        uuid, f"request {uuid} done", f"shots/{r(64, _HEX)}.png", f"commit {r(40, _HEX)}", f"blob:{uuid}",
        f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{r(40)} ana@host", "-" * 60, "=" * 60, "_" * 60, "x" * 200, "a-b_c." * 40,
        base64.b64encode(b"just some text, in base64, without a secret in it").decode(),
        f"data:image/png;base64,{base64.b64encode(bytes(range(90))).decode()}", f"cursor={_segment({'id': 7})}",
        f"{'-' * 5}BEGIN CERTIFICATE{'-' * 5}\n{r(64)}\n{'-' * 5}END CERTIFICATE{'-' * 5}",
        f"{'-' * 5}BEGIN PUBLIC KEY{'-' * 5}\n{r(64)}\n{'-' * 5}END PUBLIC KEY{'-' * 5}",
        '{"tokens": 17, "secretary": "Ana", "max_tokens": 99}', "{'token_count': 3, 'author': 'Ana', 'key': 'k'}",
        '["password", "token", "api_key"]', "missing fields: ['password', 'token']", "required: password, token",
    ]  # fmt: skip
    return found
