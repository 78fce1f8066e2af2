"""Every table of the hall, imported for their metadata."""

import bidding.archive.models
import bidding.awards.models
import bidding.deposits.models
import bidding.evaluation.models
import bidding.invitations.models
import bidding.lottery.models
import bidding.offers.models
import bidding.opening.models
import bidding.recordings.models
import bidding.roster.models
import bidding.tenders.models
import bidding.vault.models
import expert_pool.advisory.models
import expert_pool.conduct.models
import expert_pool.experts.models
import expert_pool.selection.models
import plugins.approval_hall.models
import plugins.approval_hall.projects.models
import plugins.approval_hall.ratings.models
import plugins.approval_hall.supervision.models
import trading.accounts.models
import trading.credit.models
import trading.deals.models
import trading.draws.models
import trading.evidence
import trading.ledger.models
import trading.live
import trading.notices.models
import trading.outbox
import trading.parties.models
import trading.projects.models
import trading.stages
import trading.supervision.models
from trading.db import Base

__all__ = ["Base", "bidding", "expert_pool", "plugins", "trading"]
