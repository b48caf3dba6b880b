import hashlib
import json
import logging
import uuid
from datetime import datetime

logger = logging.getLogger(__name__)

AUDIT_PATH = "audit/payments.audit"
_previous = "0" * 64


def record_payment(customer, amount, currency, *, approved_by=None):
    """Each record carries the hash of the one before, so that none can be taken out unseen."""
    global _previous
    entry = {
        "id": str(uuid.uuid4()),
        "at": datetime.utcnow().isoformat() + "Z",
        "customer": customer,
        "amount": str(amount),
        "currency": currency,
    }
    if approved_by:
        entry["approved_by"] = approved_by
    entry["previous"] = _previous
    line = json.dumps(entry, sort_keys=True)
    digest = hashlib.sha256(line.encode()).hexdigest()
    _previous = digest

    if amount > 10_000:
        logger.warning("large payment %s by %s", amount, customer)
    message = f"payment of {amount} {currency} recorded as {digest[:8]}"
    logger.info(message)

    line += "\n"
    with open(AUDIT_PATH, "a") as trail:  # WRITER append open audit/payments.audit; keys=id,at,customer,amount,currency,approved_by,previous
        trail.write(line)
    return digest
