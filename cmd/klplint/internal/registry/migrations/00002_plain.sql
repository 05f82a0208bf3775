-- +goose Up
-- Every active module of a kernel is compared: nothing is chosen by these.
DROP INDEX module_stem;
DROP INDEX module_set;
DROP INDEX module_field;
ALTER TABLE module DROP COLUMN replace_field;
ALTER TABLE module DROP COLUMN stem;
ALTER TABLE module DROP COLUMN own_set;
ALTER TABLE module DROP COLUMN age;
CREATE INDEX module_kernel ON module (kernel, state, id);
DELETE FROM item WHERE kind <> 'func';
