SELECT line
FROM (
    SELECT
        line,
        row_number() OVER (
            PARTITION BY json_extract_scalar(line, '$.image_id')
            ORDER BY json_extract_scalar(line, '$.event_time') DESC, line
        ) AS age
    FROM raw_line
    WHERE json_extract_scalar(line, '$.image_id') IS NOT NULL
) AS ranked
WHERE age = 1
