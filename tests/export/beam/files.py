"""Helpers: what the Beam pipeline reads and writes."""

import json

import pyarrow.parquet as pq
import tensorflow as tf


def image_of(record):
    example = tf.train.Example.FromString(record)
    return example.features.feature["image"].bytes_list.value[0]


def example(**features):
    """Serializes a tf.train.Example of bytes and integers."""
    result = tf.train.Example()
    for name, value in features.items():
        if isinstance(value, int):
            result.features.feature[name].int64_list.value.append(value)
        else:
            result.features.feature[name].bytes_list.value.append(value)
    return result.SerializeToString()


def write_shard(path, records):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def read_parquet(prefix):
    """Reads all rows below a prefix, by their key."""
    tables = [pq.read_table(x) for x in prefix.parent.glob("*.parquet")]
    rows = [row for table in tables for row in table.to_pylist()]
    assert len({row["key"] for row in rows}) == len(rows)
    return {row.pop("key"): row for row in rows}


def read_examples(prefix):
    """Reads all rows of TFRecord files below a prefix, by their key."""
    rows = {}
    for path in prefix.parent.glob("*.tfrecord"):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            [key] = features.pop("key").bytes_list.value
            rows[key.decode()] = {
                name: feature.float_list.value
                for name, feature in features.items()
            }
    return rows


def read_dead(prefix):
    """Reads the reasons of all dead letters below a prefix, by their key."""
    lines = [
        line
        for path in prefix.parent.glob("*-dead-*.jsonl")
        for line in path.read_text().splitlines()
    ]
    letters = [json.loads(line) for line in lines]
    assert all(set(letter) == {"key", "reason"} for letter in letters)
    return {letter["key"]: letter["reason"] for letter in letters}
