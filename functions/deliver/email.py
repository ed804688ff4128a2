"""Mail through SES."""

from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.deliver.sending import CannotDeliver, Parcel, TryLater

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

CLIENT_CONFIG = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2}
)
REFUSALS = {
    "MessageRejected": "the mail service refused the message or its address",
    "BadRequestException": "the mail service does not take the address",
}
"""What SES says that it will say again."""


class EmailSender:
    """Sends mail in plain text."""

    def __init__(self, mail_from: str, client: "SESV2Client | None" = None) -> None:
        self._mail_from = mail_from
        self._given = client

    @cached_property
    def _client(self) -> "SESV2Client":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - only where mail is sent

        return boto3.client("sesv2", config=CLIENT_CONFIG)

    def send(self, parcel: Parcel) -> None:
        """Send one mail, see `Sender`."""
        if not self._mail_from:
            raise CannotDeliver("this installation sends no mail")
        try:
            self._client.send_email(
                FromEmailAddress=self._mail_from,
                Destination={"ToAddresses": [parcel.channel.target]},
                Content={
                    "Simple": {
                        "Subject": {"Data": parcel.subject, "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": parcel.body, "Charset": "UTF-8"}},
                    }
                },
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in REFUSALS:
                raise CannotDeliver(REFUSALS[code]) from None
            raise TryLater(f"the mail service did not take the message ({code})") from None
        except BotoCoreError:
            raise TryLater("the mail service did not answer") from None
