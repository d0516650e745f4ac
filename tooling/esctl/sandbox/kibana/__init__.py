"""The embedded Kibana: saved objects, data views and spaces, as Kibana's own HTTP API answers them."""
