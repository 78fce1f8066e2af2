"""The ports: what an outside party or a city's own plugin may provide.

Each port is one small interface; its docstrings promise the edge cases, and every provider passes the
port's suite in tests/contracts/. A plugin registers with `config.provide(IPort, provider)`; a view
asks with `request.port(IPort)`; other processes with `registry.getUtility(IPort)`.
"""

from zope.interface import Attribute, Interface


class ISigner(Interface):
    """Signs bytes as a person or an organisation (电子签名)."""

    def sign(data: bytes, at: object) -> bytes:
        """A detached CAdES-B CMS (DER) over `data`, its signing-time attribute `at` (aware datetime)."""


class ISignatureVerifier(Interface):
    """Judges signatures at the moment they are received."""

    families = Attribute("The kinds it accepts, as a seal policy's `sig` names them (tuple of str).")

    def verify(data: bytes, cms: bytes, at: object) -> object:
        """Validates a detached CMS over `data` at the instant `at`: chain to an allow-listed root,
        validity, key usage, revocation (a current CRL is required), algorithm policy. Nothing is ever
        fetched from an address inside a certificate. Returns the evidence (`SignatureEvidence`), whose
        `family` is one of `families`;
        raises `trading.errors.Refused` with code `signature.*` and the sub-indication."""


class ITimeStamper(Interface):
    """A time-stamping authority (时间戳, RFC 3161)."""

    def stamp(digest: bytes) -> bytes:
        """A DER TimeStampToken over a SHA-256 digest. Raises `trading.errors.Refused` with code
        `timestamp.unavailable` when the authority does not answer or rejects."""

    def verify(token: bytes, digest: bytes) -> object:
        """The token's genTime (aware datetime) when it is over `digest` and chains to a trusted
        authority; raises `trading.errors.Refused` with code `timestamp.invalid` otherwise."""


class IFileStore(Interface):
    """Bytes by key, written once (文件存储). A key that exists is never overwritten."""

    def put(key: str, data: bytes) -> None:
        """Durable when it returns. Raises `trading.errors.Refused` `file.exists` on a second write
        with other bytes; the same bytes again are accepted."""

    def get(key: str) -> bytes:
        """The bytes; raises KeyError when there are none."""

    def read(key: str, start: int, length: int) -> bytes:
        """`length` bytes from `start` (fewer at the end); raises KeyError."""

    def size(key: str) -> int:
        """Bytes stored under `key`; raises KeyError."""

    def delete(key: str) -> None:
        """Removes abandoned upload pieces; an absent key is no error."""


class ICertificateAuthority(Interface):
    """The authority that issues signing certificates (证书颁发机构). The hall is its registration
    authority: it has checked who asks, and that the key in the request is the asker's."""

    def enrol(csr_pem: bytes, uscc: str, organisation: str, person: str, at: object) -> bytes:
        """Issues a certificate for the public key of a PKCS#10 request whose own signature is good; the
        subject comes from the arguments, never from the request. `uscc` and `organisation` are "" for
        a person without one. `at` is an aware datetime. Returns the chain as PEM, leaf first. Raises
        `trading.errors.Refused` with code `certificate.refused` when the authority declines and
        `certificate.unavailable` when it does not answer."""

    def revoke(certificate_pem: bytes, at: object) -> None:
        """Puts a certificate of this authority on its next revocation list; one that is already there
        is no error. Raises `trading.errors.Refused` with code `certificate.unavailable` when the
        authority does not answer, and `certificate.foreign` for a certificate it did not issue."""


class IBank(Interface):
    """The bank that keeps bid securities (保证金托管银行), one virtual sub-account each.

    Amounts are Decimal yuan with two places, instants aware. Every method raises
    `trading.errors.Refused` with code `bank.unavailable` when the bank does not answer, or not with an
    answer that is provably its own; nothing is known then, and the same call may be made again."""

    def open_account(ref: str) -> str:
        """The number of the sub-account for `ref`, an opaque name that stands for one tender, lot and
        bidder and tells the bank none of them. The same `ref` always gives the same number."""

    def credits(cursor: str) -> object:
        """What came in since `cursor` ("" from the beginning): a list of `trading.banking.Credit`, oldest
        first, and the next cursor. A bank may list a credit more than once, and late; `Credit.id` names
        it for good and `Credit.at` is when it was booked."""

    def pay(key: str, account: str, payee: object, amount: object, purpose: str) -> object:
        """Pays `amount` out of a sub-account to `payee` (`trading.banking.Payee`) and returns the
        `trading.banking.Payment`. `key` makes it happen once: the same key again pays nothing and returns
        the first payment. Raises Refused `bank.key-reused` for a known key with other particulars, and
        `bank.declined` when the bank will never pay it."""

    def payment(key: str) -> object:
        """The `trading.banking.Payment` of a key, or None when the bank has never paid it."""


class IGuaranteeIssuer(Interface):
    """Whoever issues electronic guarantees (电子保函) and answers for them."""

    def guarantee(number: str) -> object:
        """The `trading.banking.Guarantee` of that number, or None when none was ever issued. Raises
        Refused `guarantee.unavailable` when the issuer does not answer."""


class ISmsSender(Interface):
    """Text messages to telephones (短信网关). It learns a number and a text, and which of its own keys they
    have; the text says no more than the caller wrote."""

    def send(key: str, number: str, text: str) -> None:
        """Hands the text over for a mobile number of eleven digits. `key` makes it happen once: the same key
        again with the same number and text sends nothing. Raises `trading.errors.Refused` with code
        `sms.unavailable` when the gateway does not answer (nothing is known then, and the same call may be
        made again), `sms.declined` when it will never take it, `sms.key-reused` for a known key with
        another number or text."""

    def report(key: str) -> object:
        """How far the text of a key has come (`trading.texting.Delivery`), None for one that was never sent.
        Raises Refused `sms.unavailable`."""


class IVoice(Interface):
    """Telephone calls that ask one question (语音通知网关). It learns a number and a script, and which of its own keys
    they have; the script says no more than the caller wrote. Key 1 accepts, key 2 declines, another key has
    the script repeated, up to three times; silence is no answer."""

    def place(key: str, number: str, script: str) -> None:
        """Has a mobile number of eleven digits called and the script spoken. `key` makes it happen once: the
        same key again with the same number and script calls nobody. Raises `trading.errors.Refused` with code
        `voice.unavailable` when the gateway does not answer (nothing is known then, and the same call may
        be made again), `voice.declined` when it will never call this number or speak this script,
        `voice.key-reused` for a known key with another number or script."""

    def state(key: str) -> object:
        """How far the call of a key has come (`trading.voicing.Call`), None for one that was never placed. Once
        ended it never changes, and its record with it. Raises Refused `voice.unavailable`."""

    def hang_up(key: str) -> None:
        """Ends a call that nobody has answered with a key yet: its outcome is no answer. One that has ended, or
        was never placed, is no error. Raises Refused `voice.unavailable`."""


class ICreditRecords(Interface):
    """Lists of credit and of bribery records (信用红黑名单、行贿犯罪记录). What is decided by them names the version
    that was used; an older version never changes."""

    def version(session: object, kind: str) -> object:
        """The newest `trading.crediting.Version` of a kind (red, black, bribery), or None when there is none. Raises
        `trading.errors.Refused` with code `credit.unavailable` when the provider does not answer."""

    def lines(session: object, version: object, ids: object) -> object:
        """The `trading.crediting.Line`s of that version about enterprises with these social credit codes and
        persons of them; `ids` None for all. Raises Refused `credit.unavailable`."""


class ITradeKind(Interface):
    """A kind of trade (交易类别) as data: stages, methods, form fields, defaults, templates, document texts.

    Registered as a named utility, its name being `key`. Locales are "zh_CN" and "en"; everything that
    returns words takes one. Returned values are fresh: a caller may change them.
    """

    key = Attribute("The kind's name in settings and records, such as `procurement`.")
    deal_class = Attribute("The class of the unified transaction code, such as `D01`.")
    regime = Attribute("Which law's clocks apply: `procurement` or `bidding_law`.")
    data = Attribute("The kind's own table: stage, method, evaluation, form, defaults, timetable, rules.")

    def name(locale: str) -> str:
        """The kind's name."""

    def label(group: str, key: str, locale: str, method: str = "open") -> str:
        """The words for an entry of `stage`, `method` or `evaluation`, of a stage as a method of procurement has it;
        raises KeyError."""

    def document_name(method: str, locale: str) -> str:
        """What the document of a method of procurement is called; raises KeyError."""

    def conformity(method: str) -> object:
        """What is examined for conformity: a list of dicts `zh`, `en` and `price` (whether it takes the price)."""

    def stage_of(state: str) -> str:
        """The key of the stage that a lifecycle state belongs to; raises KeyError."""

    def templates(locale: str) -> object:
        """The ready-to-publish templates: a list of dicts `key`, `name`, `subject`, `standardised`,
        `values` (defaults included, words of the locale), `items` and `criteria` (of scored ones)."""

    def placeholders() -> object:
        """The set of names that `document` needs values for."""

    def document(values: object, locale: str) -> object:
        """The tender document: a list of dicts `key`, `title`, `paragraphs` (list of str) and `table`
        (the name of a table to follow, or ""). `values` maps every placeholder to its words; raises
        `trading.errors.Refused` with a fault `document.incomplete` for each one that is missing."""


class IEnterprises(Interface):
    """The one record of each enterprise and authority (市场主体库), for plugins: rows with `id`, `uscc` (unified social credit
    code), `name`, `phone`, `legal_representative`, `address`."""

    def get(session: object, party_id: object) -> object:
        """The row of an id, or None."""

    def by_code(session: object, uscc: str) -> object:
        """The row of a code, or None. Raises `trading.errors.Refused` `uscc.*` for what cannot be a code."""

    def file(session: object, actor: object, uscc: str, name: str, phone: str) -> object:
        """Files an enterprise that is not there yet and returns its row; entry `party.registered`. Raises Refused
        `uscc.*`, `party.filed`."""


class IAccounts(Interface):
    """People who log in (用户), for plugins: rows with `id`, `login`, `name`, `phone`, `party_id`, `roles` (each with `role`)."""

    def get(session: object, user_id: object) -> object:
        """The row of an id, or None."""

    def by_login(session: object, login: str) -> object:
        """The row of a login name, or None."""

    def with_role(session: object, role: str) -> object:
        """Everybody who holds a role and may log in, by login name."""

    def certificates(session: object, user_id: object, at: object) -> object:
        """The SHA-256 (hex) of the certificates that somebody can sign with at `at`: what a page's signer block asks for."""

    def own_certificate(session: object, user_id: object, sha256: str, at: object) -> None:
        """That a signature was made by whoever is logged in. Raises `trading.errors.Refused` `certificate.not-yours`,
        `certificate.revoked`."""


class ITenders(Interface):
    """Tenders, for rooms below bidding that know them by their code only."""

    def context(request: object) -> object:
        """The tender of the route's `{code}`: code, title, state, deadline, tenderer_id, agency_id, investment_code. Raises
        pyramid's HTTPNotFound when there is none."""

    def find(session: object, code: str) -> object:
        """The same by its code. Raises `trading.errors.Refused` with code `tender.unknown`."""

    def enter(request: object, code: str) -> object:
        """The same for a reader who may read about it. Raises pyramid's HTTPForbidden, or Refused
        `tender.invited-only`."""


class IPurchases(Interface):
    """What the room of committees must know of a tender; it lies below the room of tenders."""

    def purchase(session: object, registry: object, code: str, lock: bool) -> object:
        """The `expert_pool.selection.purchase.Purchase` of a code; with `lock` the tender's row is locked until
        the transaction ends. Raises `trading.errors.Refused` with code `tender.unknown`."""


class IExpertPool(Interface):
    """Whose experts sit on a committee (专家库). Registered by name: `own`, the pool of this hall, drawn here so that
    everybody can check it; `imported`, a list that another pool drew (the province's, as Order 87 art. 48 asks):
    the verifier says that this draw was not ours."""

    drawn_here = Attribute("Whether the hall draws from it.")

    def people(session: object, keys: object, at: object) -> object:
        """Everybody in it, a list of `expert_pool.experts.person.PoolExpert`, those too who cannot be drawn.
        Raises `trading.errors.Refused` with code `pool.elsewhere` when it is not drawn here."""


class IRecorder(Interface):
    """Where audio and video of openings and evaluations are kept (录音录像存储, Order 87 art. 39). The hall knows a
    recording by its hash, which stands in the ledger; the provider keeps the bytes. They are hours of video:
    nobody ever holds them whole in memory."""

    def write(name: str, start: int, data: bytes) -> int:
        """Adds a piece at the end of what comes in under a name that the hall makes (letters and digits), and
        returns how many bytes are there. A piece that does not begin at the end is not taken: the
        answer says where to go on. Raises KeyError for another kind of name."""

    def keep(name: str) -> object:
        """Ends what came in under a name: it is durable when this returns, and never changed again. Returns
        (word by which `open` and `discard` find it, bytes, SHA-256 in hex). The same name again is no
        error. Raises KeyError when nothing came in."""

    def open(store: str) -> object:
        """A binary reader, to be closed; raises KeyError when there is no such recording."""

    def discard(store: str) -> None:
        """Removes it, when its retention is over; an absent one is no error."""


class IClockSource(Interface):
    """The deadlines that run in a room (时限来源). Registered as a named utility, one for each room that has any:
    the regulator's desk lists them all, and so does whatever a plugin builds on them."""

    def clocks(session: object, registry: object, now: object) -> object:
        """Everything that runs at the instant `now`: a list of `trading.deadlines.Deadline`, each with a key of
        its own among all rooms. Nothing of it tells before a deadline who bids, or how many do."""


class IProjectRegister(Interface):
    """Investment projects with their codes (投资项目统一代码), where the authority that approves them is at hand."""

    def project(session: object, code: str) -> object:
        """The `trading.investment.InvestmentProject` of a code, with its approvals; None for a code
        that was never given out."""
