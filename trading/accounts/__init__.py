"""People who log in (用户): passwords, one-time codes, certificates, sessions, roles."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes, its desk cards and the promise to tell an authority of a revocation."""
    # Imported here: the security floor reads this room's models while its pages need that floor.
    from trading.accounts import access_views, admin_views, certificates, desk, people
    from trading.interfaces import IAccounts

    config.add_route("register", "/register")
    config.add_route("login", "/login")
    config.add_route("login-code", "/login/code")
    config.add_route("login-lost", "/login/lost")
    config.add_route("login-certificate", "/login/certificate")
    config.add_route("step-up", "/step-up")
    config.add_route("logout", "/logout")
    config.add_route("desk", "/desk")
    config.add_route("account", "/account")
    config.add_route("account-password", "/account/password")
    config.add_route("account-totp", "/account/totp")
    config.add_route("account-session", "/account/sessions/{id}/end")
    config.add_route("account-keys", "/account/keys")
    config.add_route("account-key", "/account/keys/{id}/revoke")
    config.add_route("account-challenge", "/account/certificates/challenge")
    config.add_route("account-certificates", "/account/certificates")
    config.add_route("account-certificate", "/account/certificates/{id}/revoke")
    config.add_route("api-certificates", "/api/certificates")
    config.add_route("admin-users", "/admin/users")
    config.add_route("admin-user", "/admin/users/{id}")
    config.add_route("admin-roles", "/admin/roles")
    config.add_route("admin-addresses", "/admin/addresses")
    config.add_route("admin-recoveries", "/admin/recoveries")
    config.add_route("admin-trail", "/admin/trail")
    for module in ("views", "account_views", "admin_views", "access_views", "api"):
        config.scan(f"trading.accounts.{module}")
    config.on_desk("system-admin", admin_views.system_cards)
    config.on_desk("security-admin", admin_views.security_cards)
    config.on_desk("security-admin", access_views.address_cards)
    config.on_desk("security-admin", access_views.recovery_cards)
    config.on_desk("system-admin", access_views.recovery_cards)
    config.on_desk("audit-admin", admin_views.audit_cards)
    config.on_desk("regulator", admin_views.audit_cards)
    for role in ("bidder", "agent", "tenderer", "expert", "custodian"):
        config.on_desk(role, desk.certificate_cards)
    config.on_promise(certificates.REVOKE, certificates.tell_authority)
    config.provide(IAccounts, people.Accounts())
