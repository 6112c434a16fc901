"""Packaging of Tallywatt; tools are configured in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

INIT = (Path(__file__).parent / "appliance" / "__init__.py").read_text(encoding="utf-8")
VERSION = INIT.split('__version__ = "')[1].split('"')[0]

REQUIRES = [
    "apprise>=2,<3",
    "argon2-cffi>=23.1,<26",
    "babel>=2.14,<3",
    "click>=8.1,<9",
    "cryptography>=42",
    "fastapi>=0.115,<1",
    "matplotlib>=3.8,<4",
    "nicegui>=3.0,<4",
    "numpy>=1.26,<3",
    "opencv-python>=4.10,<6",
    "paho-mqtt>=2.1,<3",
    "prometheus-client>=0.20,<1",
    "pydantic>=2.10,<3",
    "pyserial>=3.5,<4",
    "pypowerwall>=0.22.2,<0.23",
    "pytesseract>=0.3.10,<1",
    "requests>=2.31,<3",
    "tinydb>=4.8,<5",
    "tzdata",
    "uvicorn>=0.30,<1",
    "websockets>=15,<18",
    "zeroconf>=0.130,<1",
]
DEV = [
    "aiosmtpd>=1.4.6,<2",
    "dsmr_parser>=1.4,<2",
    "gpiozero>=2.0",
    "hypothesis>=6.100",
    "grafana-foundation-sdk>=1769690000!10,<1900000000!0",
    "httpx>=0.27",
    "import-linter>=2.0",
    "jsonschema>=4.20",
    "mypy>=1.11",
    "pillow>=10",
    "pymodbus>=3.10,<4",
    "pytest>=8.0,<9.2",  # with 9.2 pytest-xdist 3.8 no longer keeps a group of tests with one worker
    "pytest-asyncio>=0.24",
    "pytest-xdist>=3.6,<4",
    "pyyaml>=6,<7",
    "python-homewizard-energy>=10,<11; python_version >= '3.12'",
    "ruff>=0.6",
    "schemathesis>=4,<5",
    "selenium>=4.20",
    "types-requests",
    "types-pyserial",
]

setup(
    name="tallywatt",
    version=VERSION,
    description="The energy appliance for the wall: reads the meter itself, knows the price, shows the truth",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["appliance*", "ocr*", "ui*", "config*"]),
    include_package_data=True,
    package_data={
        "ocr": ["models/*"],
        "ui": ["static/*", "components/*.js", "locales/*/*/*.mo"],
        "config": ["*.json", "examples/*.json", "home_assistant/*"],
    },
    install_requires=REQUIRES,
    extras_require={
        "dev": DEV,
        "led": ["gpiozero>=2.0"],
        "modbus": ["pymodbus>=3.10,<4"],
        "pi": ["gpiozero>=2.0", "picamera2"],
        "s0": ["gpiozero>=2.0", "lgpio>=0.2.2"],
        "train": ["onnx>=1.15", "pillow>=10", "torch>=2.2"],
    },
    entry_points={"console_scripts": ["tallywatt=appliance.__main__:main"]},
)
