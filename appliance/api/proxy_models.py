"""What the proxy's routes answer with; null is unknown."""

from pydantic import BaseModel, Field

from appliance.api.battery_now import Connection


class BlockOut(BaseModel):
    """One meter of the gateway: W (+ import, discharging, producing, consuming), Wh since ever, V, A."""

    last_communication_time: str | None
    instant_power: float | None
    instant_reactive_power: float | None
    instant_apparent_power: float | None
    frequency: float | None
    energy_exported: float | None
    energy_imported: float | None
    instant_average_voltage: float | None
    instant_average_current: float | None
    i_a_current: float | None
    i_b_current: float | None
    i_c_current: float | None
    last_phase_voltage_communication_time: str
    last_phase_power_communication_time: str
    timeout: int
    instant_total_current: float | None


class AggregatesOut(BaseModel):
    site: BlockOut
    battery: BlockOut
    load: BlockOut
    solar: BlockOut


class SoeOut(BaseModel):
    percentage: float | None


class GridStatusOut(BaseModel):
    grid_status: str | None = Field(
        description="SystemGridConnected, SystemIslandedActive, SystemTransitionToGrid."
    )
    grid_services_active: bool | None


class OperationOut(BaseModel):
    real_mode: str | None = Field(description="self_consumption, autonomous or backup.")
    backup_reserve_percent: float | None = Field(description="On the gateway's own scale.")


class StringOut(BaseModel):
    Connected: bool | None
    Current: float | None
    Power: float | None
    State: str | None
    Voltage: float | None


class JsonOut(BaseModel):
    """Powers in W, `soe` on the gateway's scale, energies in Wh."""

    grid: float | None
    home: float | None
    solar: float | None
    battery: float | None
    soe: float | None
    grid_status: int | None = Field(description="1 up, 0 down, -1 synchronising.")
    reserve: float | None
    time_remaining_hours: float | None
    full_pack_energy: float | None
    energy_remaining: float | None
    strings: dict[str, StringOut]


class VersionOut(BaseModel):
    """Of the gateway's firmware."""

    version: str | None
    vint: int | None


class StatsOut(BaseModel):
    pypowerwall: str
    mode: str | None = Field(description="The type of the battery's source.")
    ts: int = Field(description="Now, seconds since 1970.")
    start: int
    uptime: str
    mem: int = Field(description="Largest memory used so far, KiB.")
    site_name: str
    cloudmode: bool
    fleetapi: bool
    tedapi: bool
    connection_health: Connection


class RefusedOut(BaseModel):
    error: str
    status: str
    message: str
    timestamp: str
