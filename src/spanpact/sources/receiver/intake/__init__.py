"""From a request that was read to traffic that is kept.

1. `request_body` inflates and checks the body;
2. `injected_faults` delays or refuses some requests, for tests of exporters;
3. `forwarding` passes the request on to a collector;
4. `sessions` finds the session, and `received_traffic` keeps the body in `kept_bodies`, to decode it when it is judged.
"""
