"""The 26 columns of a C-MAPSS file: name, unit and meaning.

Source: A. Saxena, K. Goebel, D. Simon, N. Eklund, "Damage Propagation Modeling for Aircraft Engine
Run-to-Failure Simulation", PHM08, table 2. The readme that comes with the data announces 26 sensors;
the files have 21, and five columns before them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a C-MAPSS file."""

    name: str
    unit: str
    meaning: str


UNIT = Column("unit", "-", "engine number, from 1 in each file")
CYCLE = Column("cycle", "cycles", "flight number of this engine, from 1 without gaps")

SETTINGS = (
    Column("altitude", "kft", "operational setting 1"),
    Column("mach", "-", "operational setting 2"),
    Column("throttle", "deg", "operational setting 3, throttle resolver angle"),
)

SENSORS = (
    Column("T2", "degR", "total temperature at fan inlet"),
    Column("T24", "degR", "total temperature at LPC outlet"),
    Column("T30", "degR", "total temperature at HPC outlet"),
    Column("T50", "degR", "total temperature at LPT outlet"),
    Column("P2", "psia", "pressure at fan inlet"),
    Column("P15", "psia", "total pressure in bypass duct"),
    Column("P30", "psia", "total pressure at HPC outlet"),
    Column("Nf", "rpm", "physical fan speed"),
    Column("Nc", "rpm", "physical core speed"),
    Column("epr", "-", "engine pressure ratio (P50/P2)"),
    Column("Ps30", "psia", "static pressure at HPC outlet"),
    Column("phi", "pps/psi", "ratio of fuel flow to Ps30"),
    Column("NRf", "rpm", "corrected fan speed"),
    Column("NRc", "rpm", "corrected core speed"),
    Column("BPR", "-", "bypass ratio"),
    Column("farB", "-", "burner fuel-air ratio"),
    Column("htBleed", "-", "bleed enthalpy"),
    Column("Nf_dmd", "rpm", "demanded fan speed"),
    Column("PCNfR_dmd", "rpm", "demanded corrected fan speed"),
    Column("W31", "lbm/s", "HPT coolant bleed"),
    Column("W32", "lbm/s", "LPT coolant bleed"),
)

COLUMNS = (UNIT, CYCLE, *SETTINGS, *SENSORS)

INFORMATIVE = (
    "T24", "T30", "T50", "P30", "Nf", "Nc", "Ps30", "phi", "NRf", "NRc", "BPR", "htBleed", "W31", "W32",
)  # fmt: skip
"""The 14 sensors that change with wear within one operating condition; the other seven are constant
there. Source: X. Li, Q. Ding, J.-Q. Sun, "Remaining useful life estimation in prognostics using deep
convolution neural networks", RESS 172 (2018), section 4.1."""
