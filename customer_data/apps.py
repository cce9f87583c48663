from django.apps import AppConfig


class CustomerDataConfig(AppConfig):
    name = "customer_data"
    verbose_name = "Customer data"
