"""The contract with central subscribers, the outbox and the MQTT publisher."""
