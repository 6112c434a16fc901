"""What energy costs: rates of a contract, energy of each quarter hour, bills, capacity charges. All pure.

Columns are numpy arrays of one length, a place for each interval; NaN is unknown. Money is in the site's
currency, energy kWh, instants UTC ms.
"""
