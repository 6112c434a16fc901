"""What the ELNET server of the virtual flat says of it, in the service's own shapes (after recorded answers).

kWhRec is the street's energy (EB), kWhDel the generator's (DG); CurrentDay and CurrentMonth are rupees;
moments are India's without saying so. Registers are kWh, PresentLoad kW, Balance rupees.
"""

from datetime import UTC, datetime
from typing import Any

from appliance.demo.flat_plan import DAY_MS, IST_MS
from appliance.demo.flat_truth import DG_RATE, EB_RATE, Flat, FlatState, local_day, month_day

USERNAME = "A-1204"
METER = 478
SERIAL = 1_000_001
SANCTION_EB, SANCTION_DG = 52.0, 10.0
ROWS = 30
MEAN_DAYS = 30
QUESTIONS: dict[str, dict[str, Any]] = {
    "login": {"Password": "", "Access": "Live", "FCMID": "", "UserName": ""},
    "PasswordExpired": {"UserId": METER + 1, "MeterID": str(METER)},
    "GetDashboardDetails": {"MeterID": str(METER)},
    "GetLiveUpdates": {"MeterID": METER},
    "HomeData": {"MeterID": str(METER)},
    "RechargeHistory": {"Month": 0, "MeterID": str(METER), "Year": 0},
    "GetResourcesDetails": {"Input": 7, "EndDate": "", "StartDate": "", "Type": 1, "MeterID": METER},
}
"""Each call and what the app asks with it."""


def wall(at: int) -> datetime:
    """India's wall clock at an instant (UTC ms), naive."""
    return datetime.fromtimestamp((at + IST_MS) / 1000, UTC).replace(tzinfo=None)


def login(token: str, refresh: str) -> dict[str, Any]:
    """Who has signed in."""
    nobody = dict.fromkeys(("MobileNo", "EmailID", "Address1", "Address2"), "")
    return {
        "RefreshToken": refresh,
        "AuthToken": token,
        "UserName": USERNAME,
        "FlatName": USERNAME,
        "FlatId": METER,
        "UserID": METER + 1,
        **nobody,
        "Access": "User",
        "DigitalInputs": [{"Name": f"Digital Input-{number}"} for number in range(1, 5)],
        "GoalAmount": 1000.0,
        "ChangePassword": False,
        "MerchantName": "",
    }


def live(state: FlatState, eb: float, dg: float) -> dict[str, Any]:
    """The meter's message of one instant."""
    return {
        "Supply": int(state.supply == "dg"),
        "PresentLoad": round(state.load_w / 1000, 2),
        "Balance": round(state.balance, 2),
        "EB": round(eb, 2),
        "DG": round(dg, 2),
        "SanctionEB": SANCTION_EB,
        "SanctionDG": SANCTION_DG,
        "UpdatedOn": f"{wall(state.at):%d-%m-%Y %H:%M:%S}",
        "Solar": round(state.solar_kwh, 2),
    }


def home(flat: Flat, at: int, supply: int) -> dict[str, Any]:
    """Today's and this month's use as they stood at `at`."""
    today = local_day(at)
    midnight = today * DAY_MS - IST_MS
    state = flat.state_at(at)
    said: dict[str, Any] = {"DeviceId": 454}
    for span, since in (("Today", midnight), ("Month", midnight - (month_day(today) - 1) * DAY_MS)):
        eb, dg = flat.used(since, at)
        said |= {f"kWhRec{span}": round(eb, 2), f"kWhDel{span}": round(dg, 2)}
        said |= {f"Solar{span}": round(flat.sunned(since, at), 2)}
        said |= dict.fromkeys((f"kvahRec{span}", f"kvahDel{span}", f"FixedCharges{span}"), 0.0)
        rupees = {"EB": eb * EB_RATE, "DG": dg * DG_RATE, "Solar": 0.0}
        said |= {
            f"Current{'Day' if span == 'Today' else span}_{name}": round(value, 2)
            for name, value in rupees.items()
        }
    return said | {
        "MeterBal": round(state.balance, 2),
        "RelStatus": "ON" if state.connected else "OFF",
        "EBDGStatus": supply,
        "kwh_kvah_Status": 0,
        "Meter_SN": str(SERIAL),
        "IsCoilEnable": False,
        "IsEB": True,
        "IsDG": True,
        "IsSolar": flat.plan.panel_w > 0,
        "IsFixedCharge": False,
    }


def recharge_history(flat: Flat, now: int) -> dict[str, Any]:
    """What was paid and taken, the newest first."""
    newest = flat.movements(0, now + 1)[: -ROWS - 1 : -1]
    rows = [
        {
            "SerialNo": SERIAL,
            "DateTime": f"{wall(one.at):%Y-%m-%dT%H:%M:%S}",
            "Amount": one.amount,
            "Status": "success",
        }
        for one in newest
    ]
    return {"TotalRecharge": len(rows), "RechargeHistory": rows}


def dashboard(flat: Flat, at: int) -> dict[str, Any]:
    """Energy and rupees of a month's use, and for how many days the balance lasts at that."""
    span = at - MEAN_DAYS * DAY_MS, at
    cost, balance = flat.cost(*span), flat.balance_at(at)
    return {
        **dict.fromkeys(("AvgEB", "AvgDG", "AvgSolar"), 0.0),
        "AvgEnergy": round(sum(flat.used(*span)), 2),
        "AvgCost": round(cost, 2),
        "Balance": round(balance, 2),
        "ExpRechargeDays": int(max(balance, 0.0) / (cost / MEAN_DAYS)),
    }


def resources() -> dict[str, Any]:
    """What the meter's inputs are called."""
    return {"DigitalInputs": [{"Name": name} for name in ("EB", "DG", "Solar")], "Resources": []}
