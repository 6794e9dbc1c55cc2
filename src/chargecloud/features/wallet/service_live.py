"""A driver's money in the state of their app: whatever moves a wallet shows it, in the same unit of work."""

from chargecloud.features.drivers import service as drivers
from chargecloud.features.wallet import views
from chargecloud.features.wallet.messages import Balance
from chargecloud.features.wallet.model import WalletState
from chargecloud.infra.sql.uow import UnitOfWork


def show_state(uow: UnitOfWork, driver_id: int, state: WalletState) -> None:
    """Patch the money in the state of a driver's app to what a wallet has become."""
    _show(uow, views.balance_of(driver_id, state))


async def show(uow: UnitOfWork, driver_id: int) -> None:
    """The same where the wallet was changed without being read."""
    _show(uow, await views.balance(uow.connection, driver_id))


def _show(uow: UnitOfWork, balance: Balance) -> None:
    drivers.patch_state(uow, balance.driver_id, {"wallet": views.live_balance(balance)})
