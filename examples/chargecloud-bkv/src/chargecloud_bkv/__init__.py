"""BKV / GN socket gateways (组网设备 V1.7): a vendor protocol that lives outside the platform."""
