"""The tables. Jobs, attempts, transitions and events are partitioned by campaign, so that an old week
is dropped in an instant and never deleted row by row.
"""

from system.storage.models.events import EmailEvent, WebhookPost
from system.storage.models.jobs import EmailJob, JobTransition, SendAttempt
from system.storage.models.mailing import Campaign, Newsletter
from system.storage.models.recommenders import Model, ModelActivation, ShadowBatch
from system.storage.models.sending import SendingEpoch, SendingPause
from system.storage.models.shop import ExcludedProduct, Order, Product, User
from system.storage.models.table import Base

PARTITIONED = (EmailJob, SendAttempt, JobTransition, EmailEvent)

__all__ = [
    "PARTITIONED",
    "Base",
    "Campaign",
    "EmailEvent",
    "EmailJob",
    "ExcludedProduct",
    "JobTransition",
    "Model",
    "ModelActivation",
    "Newsletter",
    "Order",
    "Product",
    "SendAttempt",
    "SendingEpoch",
    "SendingPause",
    "ShadowBatch",
    "User",
    "WebhookPost",
]
