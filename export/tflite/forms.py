"""The forms of .tflite files: what numbers they compute and keep."""

# What a quantization is called in the name of a file.
FORMS = {
    "none": "float32",
    "float16": "float16",
    "dynamic": "dynamic",
    "int8": "int8",
}
