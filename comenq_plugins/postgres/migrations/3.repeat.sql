-- Read as text: in no encoding but UTF-8 can the server decode every JSON string, and nowhere one
-- with U+0000. Within a JSON string a quotation mark has a backslash before it, so that only a
-- member's name can match.
UPDATE job SET target = coalesce(lower((
    substring(request::text FROM '"owner"\s*:\s*"([A-Za-z0-9_-]+)"') || '/'
    || substring(request::text FROM '"repo"\s*:\s*"([A-Za-z0-9._-]+)"') || '#'
    || substring(request::text FROM '"pr_number"\s*:\s*([0-9]+)')
) COLLATE "C"), '')
WHERE id IN (SELECT id FROM job WHERE target IS NULL LIMIT 1000);
