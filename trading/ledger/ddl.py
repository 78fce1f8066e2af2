"""What SQLAlchemy's metadata cannot say about the ledger's tables: functions, triggers, grants.

`STATEMENTS` run after the tables exist, and may run again. Tables are INSERT-only: triggers raise even for a table's owner, and the three roles (application, sequencer,
reader) never get the rights. The roles are created when the migrating user may do so; otherwise the
administrator creates them and runs the grants.
"""

from __future__ import annotations

INSERT_ONLY = (
    "ledger_entry",
    "ledger_seq",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_cosig",
    "ledger_dummy",
)
TABLES = (*INSERT_ONLY, "ledger_inbox", "ledger_payload")

_REFUSE = """
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is insert-only, % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$
"""

_ONLY_REDACTION = """
CREATE OR REPLACE FUNCTION ledger_only_redaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.redacted_at IS NULL AND NEW.commitment = OLD.commitment AND NEW.nonce IS NULL
     AND NEW.bytes IS NULL AND NEW.redacted_at IS NOT NULL AND NEW.basis IS NOT NULL THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a payload can only be redacted, once and with its legal basis'
    USING ERRCODE = 'restrict_violation';
END $$
"""

# The one table with deletes: a waiting entry may leave it only together with its place in the log. The
# lateral look-up uses the index whatever the batch's size; an anti-join would scan the whole log.
_ONLY_SEQUENCED = """
CREATE OR REPLACE FUNCTION ledger_only_sequenced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM gone
             LEFT JOIN LATERAL (SELECT seq FROM ledger_seq WHERE entry = gone.entry LIMIT 1) place ON true
             WHERE place.seq IS NULL) THEN
    RAISE EXCEPTION 'an entry leaves the inbox only when it has its place in the log'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$
"""

ROLES = """
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tradehall_app', 'tradehall_sequencer', 'tradehall_reader'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', name);
      END IF;
    EXCEPTION
      WHEN insufficient_privilege THEN RAISE NOTICE 'role % must be created by an administrator', name;
      WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$
"""

_GRANTS = {
    "tradehall_app": (
        "SELECT ON ledger_entry, ledger_inbox, ledger_seq, ledger_tile, ledger_checkpoint, ledger_cosig, "
        "ledger_dummy, ledger_payload",
        "INSERT ON ledger_entry, ledger_inbox, ledger_payload",
        "UPDATE (nonce, bytes, redacted_at, basis) ON ledger_payload",
    ),
    "tradehall_sequencer": (
        "SELECT ON ledger_entry, ledger_inbox, ledger_seq, ledger_tile, ledger_checkpoint, ledger_cosig",
        "INSERT ON ledger_entry, ledger_inbox, ledger_seq, ledger_tile, ledger_checkpoint, ledger_cosig, "
        "ledger_dummy",
        "DELETE ON ledger_inbox",
    ),
    "tradehall_reader": (
        "SELECT ON ledger_entry, ledger_seq, ledger_tile, ledger_checkpoint, ledger_cosig, ledger_inbox",
    ),
}


def _trigger(table: str, events: str, function: str, each: str = "STATEMENT", rest: str = "") -> str:
    name = f"{table}_{function.removeprefix('ledger_')}_{events.split()[0].lower()}"
    when = "AFTER" if rest else "BEFORE"
    return (
        f"CREATE OR REPLACE TRIGGER {name} {when} {events} ON {table} {rest} "
        f"FOR EACH {each} EXECUTE FUNCTION {function}()"
    )


def _grant(role: str, rights: str) -> str:
    return (
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN GRANT {rights} TO {role}; END IF; END $$"
    )


STATEMENTS = (
    _REFUSE,
    _ONLY_REDACTION,
    _ONLY_SEQUENCED,
    *(_trigger(table, "UPDATE OR DELETE", "ledger_refuse") for table in INSERT_ONLY),
    *(_trigger(table, "TRUNCATE", "ledger_refuse") for table in TABLES),
    _trigger("ledger_inbox", "UPDATE", "ledger_refuse"),
    _trigger("ledger_inbox", "DELETE", "ledger_only_sequenced", rest="REFERENCING OLD TABLE AS gone"),
    _trigger("ledger_payload", "DELETE", "ledger_refuse"),
    _trigger("ledger_payload", "UPDATE", "ledger_only_redaction", "ROW"),
    # The inbox is a queue: small, hot and never evidence.
    "ALTER TABLE ledger_inbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, "
    "autovacuum_vacuum_cost_delay = 0)",
    f"REVOKE UPDATE, DELETE, TRUNCATE ON {', '.join(TABLES)} FROM PUBLIC",
    ROLES,
    *(_grant(role, rights) for role, all_rights in _GRANTS.items() for rights in all_rights),
)
