"""The statements of benchmarks/floor_raw.py, by hand."""

SESSION = (
    "SELECT s.user_id, u.role FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id "
    "WHERE s.id = %s AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active AND u.deleted_at IS NULL"
)

# --- Reading ---

CUSTOMER = (
    "SELECT c.id, c.first_name, c.last_name, c.username, c.email, c.phone, c.source, c.notes, c.is_active, "
    "c.is_verified, c.is_vip, c.loyalty_tier, c.owner_id, o.first_name AS owner_first_name, "
    "o.last_name AS owner_last_name, o.username AS owner_username, v.unread_count, v.last_inbound_at, "
    "v.last_message_id, m.direction AS message_direction, m.type AS message_type, left(m.text, 200) AS message_text, "
    "m.status AS message_status, m.created_at AS message_at, c.date_joined, c.updated_at "
    "FROM customers_customer c LEFT JOIN accounts_user o ON o.id = c.owner_id "
    "LEFT JOIN messaging_conversation v ON v.customer_id = c.id "
    "LEFT JOIN messaging_message m ON m.id = v.last_message_id"
)
ONE_CUSTOMER = f"{CUSTOMER} WHERE c.id = %s"
# The indexes of the desk hold only those who were not merged into others.
SHOWN = "WHERE c.merged_into_id IS NULL"
COUNT = "SELECT count(*) FROM customers_customer c"
SEARCH = f"{SHOWN} AND c.folded LIKE %s"
NEWEST = "ORDER BY c.desk_at DESC, c.id DESC LIMIT 20"
TAGS = (
    "SELECT g.customer_id AS holder, t.id, t.name, t.created_by_id, t.created_at, t.source "
    "FROM tags_customertag g JOIN tags_tag t ON t.id = g.tag_id WHERE g.customer_id = ANY(%s) "
    "UNION ALL SELECT NULL, t.id, t.name, t.created_by_id, t.created_at, t.source "
    "FROM tags_tag t WHERE t.source IS NOT NULL"
)
HISTORY = (
    "SELECT m.id, m.customer_id AS customer, m.direction, m.type, m.text, m.payload, m.reply_to_id AS reply_to, "
    "m.reactions, m.status, m.error, m.wamid, m.client_id, m.sender_id, s.first_name AS sender_first_name, "
    "s.last_name AS sender_last_name, m.created_at, m.ordered_at, m.sent_at, m.delivered_at, m.read_at, m.edited_at, "
    "m.deleted_at, a.state AS file_state, a.mime_type, a.size, a.file_name, a.width, a.height, a.file, a.thumbnail "
    "FROM messaging_message m LEFT JOIN accounts_user s ON s.id = m.sender_id "
    "LEFT JOIN messaging_attachment a ON a.message_id = m.id "
    "WHERE m.customer_id = %s AND NOT (m.type = 'reaction' AND m.direction = 'outbound') "
    "ORDER BY m.ordered_at DESC, m.id DESC LIMIT %s"
)

# --- Writing ---

NEW_CUSTOMER = (
    "INSERT INTO customers_customer (first_name, last_name, username, email, phone, source, notes, is_active, "
    "is_verified, is_vip, loyalty_tier, loyalty_points, total_orders, total_spent, phone_verified, phone_trusted, "
    "pending_phone, nic, avatar, gender, preferred_language, preferred_currency, accepts_marketing_email, "
    "accepts_marketing_sms, date_joined, updated_at, last_seq, desk_at, folded) "
    "VALUES (%(first_name)s::text, %(last_name)s::text, '', %(email)s::text, %(phone)s::text, 'manual', '', true, "
    "false, false, 'bronze', 0, 0, 0, false, true, '', '', '', '', 'en', 'USD', false, false, now(), now(), 1, "
    "'1970-01-01Z', "
    "lower(concat_ws(' ', %(first_name)s::text, %(last_name)s::text, %(email)s::text, %(phone)s::text))) RETURNING id"
)
NEW_EVENT = (
    "INSERT INTO customers_event (customer_id, seq, type, data, actor_id, created_at) "
    "VALUES (%s, %s, %s, %s, %s, now())"
)
LOCKED_CHAT = (
    "SELECT c.last_seq, v.business_number_id FROM customers_customer c "
    "JOIN messaging_conversation v ON v.customer_id = c.id WHERE c.id = %s FOR NO KEY UPDATE OF c"
)
_MESSAGE = "id, customer_id AS customer, direction, type, text, payload, status, client_id, sender_id, created_at"
SENT_BEFORE = f"SELECT {_MESSAGE} FROM messaging_message WHERE sender_id = %s AND client_id = %s"
NEW_OUTBOUND = (
    "INSERT INTO messaging_message (customer_id, business_number_id, direction, type, text, payload, reactions, "
    "status, sender_id, client_id, created_at, ordered_at, attempts, not_before) "
    "VALUES (%s, %s, 'outbound', 'text', %s, %s, '[]', 'queued', %s, %s, now(), now(), 0, now()) "
    f"RETURNING {_MESSAGE}"
)
LAST_MESSAGE = "UPDATE messaging_conversation SET last_message_id = %s WHERE customer_id = %s"
TOUCH = "UPDATE customers_customer SET last_seq = %s, desk_at = now() WHERE id = %s"

NEW_WEBHOOK = (
    "INSERT INTO whatsapp_webhookevent (body, state, error, elements, received_at, attempts, not_before) "
    "VALUES (%s, 'pending', '', 0, now(), 1, now() + interval '30 seconds') RETURNING id"
)
WEBHOOK_DONE = "UPDATE whatsapp_webhookevent SET state = 'done', elements = %s, took_ms = 1 WHERE id = %s"
LOCKED_SENDER = (
    "SELECT c.id, c.last_seq, i.business_number_id FROM whatsapp_identity i "
    "JOIN messaging_businessnumber b ON b.id = i.business_number_id JOIN customers_customer c ON c.id = i.customer_id "
    "WHERE b.external_id = %s AND i.wa_id = %s AND i.detached_at IS NULL FOR NO KEY UPDATE OF c"
)
NEW_INBOUND = (
    "INSERT INTO messaging_message (customer_id, business_number_id, direction, type, text, payload, reactions, wamid, "
    "status, created_at, ordered_at, attempts, not_before) "
    "VALUES (%s, %s, 'inbound', 'text', %s, %s, '[]', %s, 'received', %s, now(), 0, now()) "
    "ON CONFLICT (business_number_id, wamid) DO NOTHING RETURNING id"
)
UNREAD = (
    "INSERT INTO messaging_conversation AS v "
    "(customer_id, business_number_id, unread_count, last_message_id, last_inbound_at) VALUES (%s, %s, 1, %s, %s) "
    "ON CONFLICT (customer_id) DO UPDATE SET unread_count = v.unread_count + 1, "
    "last_message_id = excluded.last_message_id, last_inbound_at = excluded.last_inbound_at"
)
