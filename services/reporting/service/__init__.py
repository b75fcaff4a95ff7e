"""Use cases of reporting: one method, one transaction."""

from services.reporting.service.archive import Archive
from services.reporting.service.desk import Desk
from services.reporting.service.intake import Intake
from services.reporting.service.quality import Quality
from services.reporting.service.signing import Signing

__all__ = ["Archive", "Desk", "Intake", "Quality", "Signing"]
