"""The stages of EngHub as data: everything that differs between them, and nothing that does not."""

from dataclasses import dataclass

CONTEXTS = ("plm", "mes", "upgrade", "settings", "notices", "golive")
"""The bounded contexts; each has a table, a code layer and a stack of its own."""

SANDBOX = "sandbox"
"""Stand-ins for other systems, only in stages that ask for them."""

KIT = "kit"
"""Libraries that several contexts share; no tables and no functions of its own."""

CORE = "core"
"""What serves all contexts: the authorizer, its audit of refusals, the relay code."""


PREFIXES = {
    "golive": ("api/v1/golive", "api/v1/parked/golive", "api/v2/alerts", "v2"),
    "plm": ("api/v1/integration/plm", "api/v1/parked/plm", "api/v1/plm"),
    "mes": (
        "api/v1/dashboard",
        "api/v1/defects",
        "api/v1/dossiers",
        "api/v1/inspections",
        "api/v1/inventory",
        "api/v1/ocap",
        "api/v1/parked/mes",
        "api/v1/plant",
        "api/v1/planning",
        "api/v1/production",
        "api/v1/spc",
        "api/v1/work-orders",
    ),
    "notices": ("api/v1/notices", "api/v1/parked/notices"),
    "settings": (
        "api/v1/feature-flags",
        "api/v1/gray-release",
        "api/v1/parked/settings",
        "api/v1/settings",
        "api/v1/system-config",
        "ofrep",
    ),
    "upgrade": ("api/v1/parked/upgrade", "api/v1/upgrade"),
    SANDBOX: ("sandbox",),
}
"""Under which paths of the one address a context's API lies; every published path lies under exactly one."""
EVERYTHING = "api"
"""What lies under no context's prefix still reaches an API, which answers 404 in our envelope."""


@dataclass(frozen=True, slots=True)
class PlmBroker:
    """A queue of an Amazon MQ broker (RabbitMQ) whose messages are records of a PLM connection (PLM-25)."""

    connection: str
    broker_arn: str
    secret_arn: str
    """Of the broker's user and password: ``{username, password}``."""
    queue: str
    virtual_host: str = "/"
    batch_size: int = 500
    window_seconds: int = 20
    """So long messages are gathered: each batch is a run."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One installation of EngHub.

    ``account`` and ``region`` may stay None: the templates then fit whatever account they are deployed to.
    ``retain`` keeps tables, keys, users and files when a stack is deleted and protects them from deletion.
    ``vendor_layer`` is False only where the Python that runs the functions has the packages already.
    """

    name: str
    account: str | None = None
    region: str | None = None
    retain: bool = False
    log_retention_days: int = 30
    log_level: str = "INFO"
    alarm_emails: tuple[str, ...] = ()
    notice_sender: str = ""
    """From whom mails about upgrades come; the address or its domain must be verified in SES. None, no mails."""
    notice_topics: tuple[str, ...] = ()
    """ARNs of the SNS topics that channels of notices may name."""
    public_url: str = ""
    """Where people reach the API, for links in notices."""
    outbound_private: tuple[str, ...] = ()
    """Private ranges, for example 10.20.0.0/16, that addresses given by people may lead to; loopback is none."""
    outbound_loopback: bool = False
    """Whether they may lead to this very machine: in the local stage alone."""
    upgrade_slots: int = 5
    """Upgrades of a tenant at once, where the tenant sets no number of its own (UPG-10)."""
    rate_limits: str = "read=300 write=100 report=200 batch=60 evaluate=60000 tenant=50"
    """Calls a minute of one user by class of route, and how many users' worth a tenant has (core/limits)."""
    sessions: int = 3
    """Sessions of a user at once, where nobody set a policy (REQ-008 11.1.2)."""
    idle_seconds: int = 1800
    """After how long without a request a session is over, where nobody set a policy (REQ-008 11.1.2)."""
    requests_per_second: int = 100
    request_burst: int = 200
    authorizer_cache_seconds: int = 300
    cors_origins: tuple[str, ...] = ()
    """Whose pages may call the API: ``https://app.example.com``, or ``http://localhost:*`` for any port."""
    domain: str = ""
    """The one address of all APIs. None: each API has its own (output ApiUrl of the contexts' stacks)."""
    certificate_arn: str = ""
    """The certificate of ``domain`` in the stage's region."""
    require_mfa: bool = True
    malware_scan: bool = False
    """Whether GuardDuty scans what people send for documents; a file counts only once it says that it is clean."""
    plm_brokers: tuple[PlmBroker, ...] = ()
    """Where messages of PLMs come from; locally a bridge brings them (``enghub plm bridge``)."""
    vendor_layer: bool = True
    sandbox: bool = False

    @property
    def contexts(self) -> tuple[str, ...]:
        """The contexts this stage has: the bounded ones, and the sandbox where it is wanted."""
        return (*CONTEXTS, SANDBOX) if self.sandbox else CONTEXTS

    @property
    def outbound(self) -> dict[str, str]:
        """What functions are told about addresses given by people."""
        told = {"OUTBOUND_PRIVATE": " ".join(self.outbound_private)} if self.outbound_private else {}
        return {**told, **({"OUTBOUND_LOOPBACK": "true"} if self.outbound_loopback else {})}

    @property
    def page_origins(self) -> tuple[str, ...]:
        """Origins whose pages send files into the bucket: those that may call the API, and the suppliers' page."""
        own = self.public_url or (f"https://{self.domain}" if self.domain else "")
        return (*self.cors_origins, *([own] if own else []))

    @property
    def security(self) -> dict[str, str]:
        """What functions are told of the security policy: where it is kept, and what holds where nobody set one."""
        mfa = "true" if self.require_mfa else "false"
        defaults = f"idle={self.idle_seconds} sessions={self.sessions} mfa={mfa}"
        return {"SECURITY_TABLE": self.name_of("settings"), "SECURITY_DEFAULTS": defaults}

    @property
    def pages(self) -> dict[str, str]:
        """What functions are told about pages on other origins."""
        return {"CORS_ORIGINS": " ".join(self.cors_origins)} if self.cors_origins else {}

    def name_of(self, *parts: str) -> str:
        """Return the physical name of something of this stage: ``name_of("mes", "report_production")``."""
        return "-".join(("enghub", self.name, *parts)).replace("_", "-")

    def secret_name(self, path: str) -> str:
        """Return the name of a secret of this stage."""
        return f"enghub/{self.name}/{path}"


STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "local",
            account="000000000000",
            region="us-east-1",
            rate_limits="read=30000 write=30000 report=30000 batch=30000 evaluate=600000 tenant=50",
            sessions=50,  # every `enghub token` is a sign-in of its own
            requests_per_second=2000,
            request_burst=4000,
            authorizer_cache_seconds=0,
            cors_origins=("http://localhost:*", "http://127.0.0.1:*"),
            domain="localhost",
            certificate_arn="arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000",
            notice_sender="upgrades@enghub.local",
            outbound_loopback=True,
            require_mfa=False,
            vendor_layer=False,
            sandbox=True,
        ),
        Stage("dev", log_retention_days=14, log_level="DEBUG", require_mfa=False, sandbox=True),
        Stage("test"),
        Stage(
            "staging",
            retain=True,
            malware_scan=True,
            log_retention_days=90,
            requests_per_second=1000,
            request_burst=2000,
        ),
        Stage(
            "prod", retain=True, malware_scan=True, log_retention_days=365, requests_per_second=2000, request_burst=4000
        ),
    )
}


def stage_named(name: str) -> Stage:
    """Return the stage called ``name``.

    Raises:
        SystemExit: there is none; the text lists those there are.
    """
    if name not in STAGES:
        message = f"Unknown stage {name!r}: use one of {', '.join(STAGES)}"
        raise SystemExit(message)
    return STAGES[name]
