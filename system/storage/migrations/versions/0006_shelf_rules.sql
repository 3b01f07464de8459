ALTER TABLE products ADD COLUMN family TEXT;

-- A column's check may name the columns before it.
ALTER TABLE newsletters
    ADD COLUMN price_min NUMERIC(12, 2),
    ADD COLUMN price_max NUMERIC(12, 2) CONSTRAINT ck_newsletters_price_band CHECK (
        coalesce(price_min, 0) >= 0 AND coalesce(price_min, 0) <= coalesce(price_max, 'Infinity')),
    ADD COLUMN excluded_categories TEXT[] DEFAULT '{}' NOT NULL,
    ADD COLUMN excluded_product_ids BIGINT[] DEFAULT '{}' NOT NULL CONSTRAINT ck_newsletters_excluded_is_known CHECK (
        array_position(excluded_categories, NULL) IS NULL AND array_position(excluded_product_ids, NULL) IS NULL),
    ADD COLUMN per_category SMALLINT DEFAULT '3' NOT NULL CONSTRAINT ck_newsletters_per_category CHECK (
        per_category BETWEEN 1 AND 5),
    ADD COLUMN cool_down_weeks SMALLINT DEFAULT '4' NOT NULL CONSTRAINT ck_newsletters_cool_down_weeks CHECK (
        cool_down_weeks BETWEEN 0 AND 52),
    ADD COLUMN buy_again BOOLEAN DEFAULT false NOT NULL;

CREATE TABLE excluded_products (
    user_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    CONSTRAINT pk_excluded_products PRIMARY KEY (user_id, product_id),
    CONSTRAINT fk_excluded_products_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_excluded_products_product_id_products FOREIGN KEY(product_id) REFERENCES products (id) ON DELETE CASCADE
);

CREATE INDEX ix_excluded_products_product_id ON excluded_products (product_id);
